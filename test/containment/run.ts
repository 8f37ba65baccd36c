// npm run containment [-- --with COMMAND --as user|root --ascii-names --json]: the catalogue inside any sandbox command. COMMAND is
// the text of a shell command that a program and its arguments can be added to; PROJECT and HOME are set, the
// working directory is the project.
import { parseArgs } from 'node:util'
import { removePrograms } from './host.ts'
import { examine, reportText } from './report.ts'
import { boxed, makeWorld, type World } from './world.ts'

const { values } = parseArgs({
  options: {
    with: { type: 'string' },
    as: { type: 'string', default: 'user' },
    json: { type: 'boolean', default: false },
    bare: { type: 'boolean', default: false },
    'ascii-names': { type: 'boolean', default: false },
  },
})
if (values.as !== 'user' && values.as !== 'root') throw new Error('--as takes user or root')
const world = await makeWorld(values.as, 'plain', values['ascii-names'] ? 'ascii' : 'any')
try {
  world.env['PROJECT'] = world.project.place
  const found = await examine(world, values.bare ? 'bare' : prefixOf(world, values.with))
  const data = found.map(({ threat, ...rest }) => ({ id: threat.id, what: threat.what, ...rest }))
  process.stdout.write(
    values.json
      ? `${JSON.stringify({ version: 1, as: values.as, threats: data }, null, 2)}\n`
      : reportText(found, true),
  )
  process.exitCode = found.every(({ failed }) => failed.length === 0) ? 0 : 1
} finally {
  await world.remove()
  removePrograms()
}

function prefixOf(own: World, command: string | undefined): readonly string[] {
  if (command === undefined) return boxed(own, '--network', 'none')
  // Node's pipes are sockets, on which a program cannot write where a filter closes sockets altogether.
  return ['sh', '-c', `${command} "$@" | cat`, 'sh']
}
