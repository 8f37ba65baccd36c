import { readdirSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeHome, type TestHome } from '../../support/home.ts'
import { eventually } from '../../support/spawn.ts'
import { AGENT, scenarios, shellHasTerminal, SIZED, type Scenario } from './scenarios.ts'
import { openTerminal, type Shell } from './terminal.ts'

let home: TestHome
const at = (kind: string): string => `${home.home}/${kind}`

beforeAll(() => {
  home = makeHome('user')
  for (const kind of ['bare', 'boxed']) {
    const start = kind === 'bare' ? '' : `'${home.node}' '${home.agentbox}' run --quiet -- `
    home.write(`${at(kind)}/run`, `#!/bin/sh\nexec ${start}"$@"\n`, 0o755)
    home.write(`${at(kind)}/agent`, AGENT, 0o755)
    home.write(`${at(kind)}/sized`, SIZED, 0o755)
  }
})
afterAll(() => home.remove())

async function transcript(kind: string, shell: Shell, { play }: Scenario): Promise<string> {
  const terminal = await openTerminal(home, shell, at(kind))
  try {
    await play(terminal, shell)
    // How many empty prompts there are before the shell tells of a job depends on the moment, and so does whether
    // fish writes that behind one.
    return terminal
      .screen()
      .replace(/^(\[1\]) \d+$/m, '$1 PID')
      .replace(/^>\n/gm, '')
      .replace(/^> (?=fish: Job)/gm, '')
  } finally {
    terminal.close()
  }
}

describe.each<Shell>(['bash', 'zsh', 'fish'])('%s', (shell) => {
  test.each(scenarios)('$name', async (scenario) => {
    const [boxed, bare] = await Promise.all([
      transcript('boxed', shell, scenario),
      transcript('bare', shell, scenario),
    ])
    if (scenario.differs === undefined) expect(boxed).toBe(bare)
  })

  test('after kill -9 of agentbox the shell has its terminal, and nothing of the box is left', async () => {
    const marker = `${70 + Math.random()}`
    const terminal = await openTerminal(home, shell, at('boxed'))
    try {
      terminal.type(`./run bash -c 'sleep ${marker} & echo up; read l'`)
      await terminal.shows(/^up$/m)
      for (const pid of commandLines((line) => line.includes('agentbox.cjs') && line.includes(marker)))
        process.kill(pid, 'SIGKILL')
      await terminal.shows(/[Kk]ill|SIGKILL/)
      await shellHasTerminal(terminal)
      const left = (): number[] => commandLines((line) => line.includes(marker) && !line.includes('tmux'))
      expect(await eventually(() => left().length === 0)).toBe(true)
    } finally {
      terminal.close()
    }
  })
})

function commandLines(matches: (line: string) => boolean): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return pids.map(Number).filter((pid) => {
    try {
      return matches(readFileSync(`/proc/${pid}/cmdline`, 'latin1'))
    } catch {
      return false
    }
  })
}
