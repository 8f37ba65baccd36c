import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeHome, type TestHome } from '../../support/home.ts'
import { AGENT, scenarios, SIZED, type Scenario } from '../terminal/scenarios.ts'
import { openTerminal, type Shell, type Terminal } from '../terminal/terminal.ts'

let home: TestHome
const at = (kind: string): string => `${home.home}/${kind}`

// The real agent does what it is told; `./run` is the script of test/e2e/terminal, with the plain name in it.
beforeAll(async () => {
  home = makeHome('user')
  await home.must([home.node, home.agentbox, 'activate', '--write', 'bash', 'zsh', 'fish'])
  home.write(`${home.home}/bin/claude`, '#!/bin/sh\nexec "$@"\n', 0o755)
  home.write(`${at('boxed')}/.agentboxrc`, 'version: 1\n')
  for (const kind of ['bare', 'boxed']) {
    home.write(`${at(kind)}/run`, '#!/bin/sh\nexec claude "$@"\n', 0o755)
    home.write(`${at(kind)}/agent`, AGENT, 0o755)
    home.write(`${at(kind)}/sized`, SIZED, 0o755)
  }
  home.write(`${home.home}/.config/agentbox/config.yaml`, 'version: 1\nquiet: true\n')
})
afterAll(() => home.remove())

const wanted = ['Ctrl-C interrupts', 'Ctrl-Z, fg', 'a new size', 'the neighbour in a pipeline']
const chosen: Scenario[] = [
  ...scenarios.filter(({ name }) => wanted.some((start) => name.startsWith(start))),
  {
    name: 'pipes, here documents, status',
    async play(t, shell) {
      t.type("printf 'a\\nb\\n' | claude tr ab AB | tail -n 1")
      await t.shows(/^B\n>$/m)
      if (shell !== 'fish') {
        t.type('claude cat <<END\nin $((40 + 2))\nEND')
        await t.shows(/^in 42\n>$/m)
      }
      t.type(`claude sh -c 'exit 7'; echo "status ${shell === 'fish' ? '$status' : '$?'}"`)
      await t.shows(/^status 7\n>$/m)
    },
  },
]

async function transcript(kind: string, shell: Shell, { play }: Scenario): Promise<string> {
  const PATH = `${home.home}/bin:${home.env['PATH']}`
  const terminal: Terminal = await openTerminal({ ...home, env: { ...home.env, PATH } }, shell, at(kind))
  try {
    if (kind === 'boxed') {
      terminal.type(
        `${shell === 'fish' ? 'source' : '.'} ~/.local/share/agentbox/activate.${shell}; clear; echo ready`,
      )
      await terminal.shows(/^ready\n>$/m)
    }
    await play(terminal, shell)
    return terminal.screen().replace(/^(\[1\]) \d+$/m, '$1 PID')
  } finally {
    terminal.close()
  }
}

describe.each<Shell>(['bash', 'zsh', 'fish'])(
  'through an activated %s it is as without agentbox:',
  (shell) => {
    it.each(chosen)('$name', async (scenario) => {
      expect(await transcript('boxed', shell, scenario)).toBe(await transcript('bare', shell, scenario))
    })
  },
)
