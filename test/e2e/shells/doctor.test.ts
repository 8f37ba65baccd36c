import { resolve } from 'node:path'
import { copyFileSync, mkdirSync, rmSync } from 'node:fs'
import { spawn, spawnSync } from 'node:child_process'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Finding } from '../../../src/doctor/types.ts'
import { killIfThere } from '../../support/processes.ts'
import { eventually } from '../../support/spawn.ts'
import { arrange, setups } from './setups.ts'
import { activated, interactive, makeWorld, RC, SHELLS, type ShellName, type World } from './world.ts'

let world: World
beforeEach(() => {
  world = makeWorld()
})
afterEach(() => world.remove())

const examine = (check: string): Finding[] =>
  (JSON.parse(world.agentbox('doctor', '--json', check).stdout) as { findings: Finding[] }).findings
const about = (shell: ShellName): string[] =>
  examine('shells').flatMap(({ problem }) => (problem.startsWith(`${shell}, `) ? [problem] : []))

it('says on a terminal that it looks, until it has; and so does scan', async () => {
  const agentbox = `${process.execPath} ${resolve('dist/agentbox.cjs')}`
  const session = interactive(world, 'bash')
  const text = await session.line(`${agentbox} doctor hooks`)
  const scanned = await session.line(`${agentbox} scan`)
  await session.end()
  expect(text).toMatch(/looking [^ ]+\r +\rall is well: 1 topic looked at/)
  expect(scanned).toMatch(/looking [^ ]+\r +\r0 findings in/)
  expect(world.agentbox('doctor', 'hooks').stderr).toBe('all is well: 1 topic looked at\n')
})

describe.each(SHELLS)('agentbox doctor about %s', (shell) => {
  it.each(setups.filter(({ name }) => !/after|late/.test(name)))('finds nothing: $name', (setup) => {
    arrange(world, setup, shell)
    expect(about(shell)).toEqual([])
  })

  it.each(setups.filter(({ name }) => /after|late/.test(name)))(
    'finds the misses of the matrix: $name',
    (setup) => {
      arrange(world, setup, shell)
      const kind = /^\w+/.exec(setup.name)![0]
      const what = {
        alias: shell === 'fish' ? 'a function' : 'an alias',
        function: 'a function',
        shims: `${world.bin}/claude`,
      }[kind]!
      const problems = about(shell)
      expect(problems[0]).toContain(
        `${shell}, interactive: only right from the first prompt on: claude is ${what}`,
      )
      // What fish reads is the same for every fish.
      expect(problems.length).toBe(shell === 'fish' ? 2 : 1)
    },
  )

  it('finds that it is not activated', () => {
    activated(world)
    world.write(RC[shell], '# nothing\n')
    for (const name of ['.profile', '.zshenv', '.zprofile']) rmSync(`${world.home}/${name}`)
    const problems = about(shell)
    expect(problems).toHaveLength(2)
    expect(problems[0]).toMatch(/(claude is not found|is not found, and \d more)/)
  })
})

it.each(['bash', 'zsh'] as const)('agentbox doctor says so when %s does not answer', (shell) => {
  activated(world)
  world.write(RC[shell], 'exit 3\n')
  expect(examine('shells').map(({ problem }) => problem)).toContain(
    `${shell} did not answer when started as: ${shell} -i`,
  )
})

it('agentbox doctor finds shims that are not there or lead nowhere', () => {
  expect(examine('shells').map(({ problem }) => problem)).toEqual(['no shims are installed'])
  activated(world)
  rmSync(`${world.shims}/codex`)
  world.write('home/.config/agentbox/config.yaml', 'version: 1\nshims: [mytool]\n')
  mkdirSync(`${world.base}/work`)
  const [missing] = examine('shells')
  // In the home no box can be made, so the policy is unknown.
  expect(missing).toBeUndefined()
  expect(world.agentbox('shims', 'install').status).toBe(0)
  expect(world.agentbox('shims', 'list').stdout).toMatch(/codex\n[^]*mytool\n/)
})

it('agentbox doctor finds the editor that brings its own agent', () => {
  activated(world)
  expect(examine('editors')).toEqual([])
  mkdirSync(`${world.home}/.vscode/extensions/anthropic.claude-code-2.1.330-linux-x64`, { recursive: true })
  expect(examine('editors')[0]!.problem).toBe('VS Code runs its own copy of Claude Code')
  const set = (path: string) =>
    world.write(
      'home/.config/Code/User/settings.json',
      `{ // mine\n  "claudeCode.claudeProcessWrapper": "${path}", }\n`,
    )
  set('/usr/bin/env')
  expect(examine('editors')[0]!.problem).toBe('VS Code starts Claude Code by /usr/bin/env')
  set(`${world.home}/.local/share/agentbox/agentbox-wrap`)
  expect(examine('editors')).toEqual([])
  world.write('home/.config/zed/settings.json', '{ "agent_servers": { "x": { "command": "/x/gemini" } } }\n')
  expect(examine('editors')[0]!.problem).toContain('Zed')
})

it('agentbox doctor finds agents that run without a box', async () => {
  copyFileSync('/bin/sleep', `${world.base}/claude`)
  const child = spawn(`${world.base}/claude`, ['60'], { cwd: world.repo, stdio: 'ignore' })
  try {
    expect(
      await eventually(() => examine('unboxed').some(({ problem }) => problem.includes(`${child.pid}`))),
    ).toBe(true)
    const status = spawnSync(process.execPath, [resolve('dist/agentbox.cjs'), 'status', '--json'], {
      cwd: world.repo,
      env: world.env,
      encoding: 'utf8',
    })
    const { warnings } = JSON.parse(status.stdout) as { warnings: string[] }
    expect(warnings[0]).toContain(`claude (process ${child.pid}) runs here without a box`)
  } finally {
    killIfThere(child.pid!)
  }
})
