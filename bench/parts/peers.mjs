// Other boxes around `true`, where they are installed (npm run comparison installs them): how long each takes.
import fs from 'node:fs'
import path from 'node:path'
import { cacheDir, isRoot, which } from '../../scripts/lib/tools.mjs'
import { label, ms, program, times } from './rows.mjs'

export const peers = {
  name: 'peers',
  programs: (world) => commands(world).map(({ name, argv }) => program(world, name, argv)),
  rows: (world, at) => {
    const [node] = world.nodes.map(label)
    const floor = at(`${node} -e 0`).ms + at('bwrap').ms
    return commands(world).map(({ name }) =>
      ms(name, at(name).ms, times(at(name).ms / floor, '(node + bwrap)')),
    )
  },
}

function commands({ dir }) {
  const modules = path.join(isRoot ? '/var/cache/agentbox-dev/peers' : cacheDir('peers'), 'node_modules')
  const settings = path.join(dir, 'srt.json')
  const filesystem = { denyRead: ['~/.ssh', './**/.env'], allowWrite: ['.'], denyWrite: [] }
  const network = { allowedDomains: [], deniedDomains: [] }
  fs.writeFileSync(settings, JSON.stringify({ network, filesystem }))
  const runtime = [`${modules}/node/bin/node`, `${modules}/@anthropic-ai/sandbox-runtime/dist/cli.js`]
  const all = [
    { name: 'firejail', argv: [which('firejail'), '--quiet', '--noprofile', '--net=none', '--', 'true'] },
    { name: 'sandbox-runtime', argv: [...runtime, '--settings', settings, '--', 'true'] },
    { name: 'codex sandbox', argv: [`${modules}/.bin/codex`, 'sandbox', '--', 'true'] },
    { name: 'direnv export', argv: [which('direnv'), 'export', 'bash'] },
  ]
  return all.filter(({ argv }) => argv[0] !== undefined && fs.existsSync(argv[0]))
}
