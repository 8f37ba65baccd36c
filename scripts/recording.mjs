#!/usr/bin/env node
// npm run recording: docs/recording.svg, a terminal session that is really run, in a throw-away repository.
import fs from 'node:fs'
import path from 'node:path'
import { setup } from './setup.mjs'
import { build } from './build.mjs'
import { makeWorld } from './lib/world.mjs'
import { capture, given, main, root, say, Stop, which, withTemporaryDir } from './lib/tools.mjs'

const COLUMNS = 116
const LINE = 19
const LEFT = 16

/** What is typed, in the order of the picture; `sh` has the host do something in between. */
const steps = [
  { typed: 'agentbox masks' },
  { typed: "agentbox run -- sh -c 'cat .env; ls ~/.ssh; curl -sS https://sentry.io'" },
  { typed: 'agentbox run -- sh -c "echo {} > .mcp.json; sleep 0.5; ls .mcp.json"' },
  { typed: 'agentbox explain services/api/.env.production' },
  { typed: 'agentbox verify' },
]

await main(async () => {
  given('npm run recording')
  setup(['run', 'build'])
  await build()
  return await withTemporaryDir('recording', (dir) => {
    const world = makeWorld(dir)
    const bin = path.join(dir, 'bin')
    fs.mkdirSync(bin)
    fs.symlinkSync(path.join(root, 'dist/agentbox.cjs'), path.join(bin, 'agentbox'))
    const env = { ...world.env, PATH: `${bin}:${world.env.PATH}`, TERM: 'xterm', COLUMNS: String(COLUMNS) }
    const lines = steps.flatMap(({ typed }) => [
      { text: typed, typed: true },
      ...outputOf(typed, world, env),
      { text: '' },
    ])
    const leaked = world.secrets.find((secret) => lines.some(({ text }) => text.includes(secret)))
    if (leaked !== undefined) throw new Stop('recording: a secret of the throw-away repository is in it')
    fs.writeFileSync(path.join(root, 'docs/recording.svg'), svg(lines.slice(0, -1)))
    say(`docs/recording.svg: ${lines.length} lines`)
    return 0
  })
})

/** In a pseudo-terminal, so that the lines for people are in it. */
function outputOf(typed, world, env) {
  const done = capture(which('script'), ['-qec', `stty cols ${COLUMNS}; ${typed}`, '/dev/null'], {
    cwd: world.repository,
    env,
    timeout: 60_000,
  })
  const text = done.stdout.replaceAll('\r', '').replaceAll(world.home, '~').trimEnd()
  return text.split('\n').flatMap((line) => {
    const talk = line.startsWith('agentbox  ')
    return folded(line).map((part) => ({ text: part, talk }))
  })
}

function folded(line) {
  const parts = line.match(new RegExp(`.{1,${COLUMNS}}`, 'gu')) ?? ['']
  return parts
}

function svg(lines) {
  const height = lines.length * LINE + 2 * LEFT
  const width = COLUMNS * 8.43 + 2 * LEFT
  const rows = lines.map(({ text, typed, talk }, n) => {
    const y = LEFT + (n + 0.75) * LINE
    const prompt = typed ? '<tspan class="prompt">$ </tspan>' : ''
    const kind = typed ? ' class="typed"' : talk ? ' class="talk"' : ''
    return `<text x="${LEFT}" y="${y}"${kind}>${prompt}${escaped(text)}</text>`
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${Math.ceil(width)}" height="${height}" role="img" aria-label="A terminal session with agentbox">`,
    '<style>text{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;fill:#d6deeb;white-space:pre}.prompt{fill:#7fdbca}.typed{fill:#ffffff;font-weight:600}.talk{fill:#addb67}</style>',
    '<rect width="100%" height="100%" rx="8" fill="#011627"/>',
    ...rows,
    '</svg>',
    '',
  ].join('\n')
}

function escaped(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
