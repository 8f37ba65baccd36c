// The catalogue inside any sandbox command, for scripts/containment.mjs.
import { removePrograms } from './host.ts'
import { examine, reportText } from './report.ts'
import { boxed, makeWorld, type World } from './world.ts'

interface Options {
  with?: string
  as: 'user' | 'root'
  json?: boolean
  bare?: boolean
  'ascii-names'?: boolean
}

const options = JSON.parse(process.argv[2]!) as Options
const { as } = options
const world = await makeWorld(as, 'plain', options['ascii-names'] === true ? 'ascii' : 'any')
try {
  world.env['PROJECT'] = world.project.place
  const found = await examine(world, options.bare === true ? 'bare' : prefixOf(world, options.with))
  const data = found.map(({ threat, ...rest }) => ({ id: threat.id, what: threat.what, ...rest }))
  process.stdout.write(
    options.json === true
      ? `${JSON.stringify({ version: 1, as, threats: data }, null, 2)}\n`
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
