import { existsSync, readdirSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Finding } from '../../../src/doctor/types.ts'
import { makeHome, type TestHome } from '../../support/home.ts'
import { processesWith } from '../../support/processes.ts'
import { eventually, type Ended } from '../../support/spawn.ts'
import { inside, movedFrom, obedient, startBoxes, stateOf } from '../live/boxes.ts'

describe.each(['user', 'root'] as const)('what a killed session leaves undone, as %s', (who) => {
  let at: TestHome
  let project: string
  const agentbox = (...args: string[]): Promise<Ended> =>
    at.bare([at.node, at.agentbox, ...args], { cwd: project })
  const moved = (): string[] => movedFrom(at, project)
  const notes = (): string[] =>
    ['sessions', 'unfinished'].flatMap((dir) =>
      existsSync(`${stateOf(at)}/${dir}`) ? readdirSync(`${stateOf(at)}/${dir}`) : [],
    )
  /** A box that does this, and whose agentbox is then gone from one moment to the next. */
  const killed = async (script: string, isDone: () => boolean = () => true): Promise<void> => {
    const mark = `unfinished-${who}-${Math.random()}`
    const [box] = await startBoxes(at, project, 1, `: ${mark}; ${obedient}`)
    await inside(at, project, script)
    expect(await eventually(isDone)).toBe(true)
    process.kill(box!.running.pid, 'SIGKILL')
    await box!.running.ended
    expect(await eventually(() => processesWith(mark).length === 0)).toBe(true)
  }

  beforeEach(async () => {
    at = makeHome(who)
    project = `${at.home}/work/project`
    at.write(`${at.home}/.gitconfig`, '[user]\nname = T\nemail = t@example.com\n')
    at.write(`${project}/.vscode/settings.json`, '{}\n')
    at.write(`${project}/node_modules/a`, '')
    await at.must(['git', 'init', '-q', '-b', 'main', project])
    await at.must(['git', 'init', '-q', `${project}/node_modules/known`])
    await at.must(['git', 'add', '.vscode'], { cwd: project })
    await at.must(['git', 'commit', '-qm', 'one'], { cwd: project })
  })
  afterEach(() => at.remove())

  it('is named by status and every launch until it is finished', async () => {
    await killed(
      [
        'echo "{}" > .mcp.json; git worktree add -q --no-checkout tree -b side',
        'git init -q --bare node_modules/x; git init -q node_modules/y',
        'mkdir -p .git/remotes .git/rebase-merge; echo "URL: https://evil.example/x" > .git/remotes/origin',
        'echo "exec evil" > .git/rebase-merge/git-rebase-todo',
      ].join('\n'),
      () => moved().includes('.mcp.json'),
    )
    // As if it had come in the very last moment.
    at.write(`${project}/.envrc`, 'evil\n')
    const left = ['.envrc', 'node_modules/x/HEAD', 'node_modules/y/.git', '.git/remotes/origin']
    const status = JSON.parse((await agentbox('status', '--json')).stdout) as { warnings: string[] }
    const [rest, before] = status.warnings.filter((text) =>
      text.includes('a session here was killed (generic)'),
    )
    expect(rest).toMatch(/agentbox quarantine finish .*: \.envrc, node_modules.* and 1 more$/)
    expect(before).toMatch(/agentbox quarantine: \.mcp\.json$/)
    const findings = async (): Promise<Finding[]> =>
      (JSON.parse((await agentbox('doctor', '--json', 'unfinished')).stdout) as { findings: Finding[] })
        .findings
    expect(await findings()).toMatchObject([
      {
        severity: 'warning',
        problem: expect.stringContaining('.envrc'),
        mend: expect.stringContaining('finish'),
      },
      { severity: 'note', problem: expect.stringContaining('.mcp.json'), mend: 'agentbox quarantine' },
    ])
    for (let launch = 0; launch < 2; launch++) {
      const { status: code, stderr } = await agentbox('run', '--', 'true')
      expect([code, stderr]).toEqual([0, expect.stringContaining('agentbox quarantine finish')])
    }
    expect((await agentbox('quarantine')).stderr).toContain('.envrc')

    const { stderr } = await agentbox('quarantine', 'finish')
    for (const path of left) {
      expect(stderr).toContain(path)
      expect(existsSync(`${project}/${path}`)).toBe(false)
    }
    expect(stderr).toMatch(/rebase --continue would run .*exec evil/)
    expect(moved().toSorted()).toEqual(['.mcp.json', ...left].toSorted())
    for (const path of ['.vscode/settings.json', 'tree/.git', 'node_modules/known/.git/HEAD'])
      expect(existsSync(`${project}/${path}`)).toBe(true)
    expect(await findings()).toEqual([])
    expect(await agentbox('run', '--', 'true')).toMatchObject({ status: 0, stderr: '' })
    expect(notes()).toEqual([])
  })

  it("is the user's if he says so", async () => {
    await killed('true')
    at.write(`${project}/.envrc`, 'mine\n')
    expect(await agentbox('quarantine', 'keep')).toMatchObject({
      status: 0,
      stderr: `kept: ${project}/.envrc\n`,
    })
    expect(await agentbox('run', '--', 'true')).toMatchObject({ status: 0, stderr: '' })
    expect(existsSync(`${project}/.envrc`)).toBe(true)
    expect([moved(), notes()]).toEqual([[], []])
  })

  it('is also what settings name and was not there, or a link that leads there', async () => {
    await at.must(['git', 'config', 'core.hooksPath', 'tools/hooks'], { cwd: project })
    await at.must(['git', 'config', 'include.path', '../local.cfg'], { cwd: project })
    await killed('true')
    at.write(`${project}/else/hooks/pre-commit`, 'evil')
    at.write(`${project}/local.cfg`, '')
    await at.must(['ln', '-s', 'else', 'tools'], { cwd: project })
    await agentbox('quarantine', 'finish')
    expect(moved().toSorted()).toEqual(['local.cfg', 'tools'])
  })

  it('is nothing where only the session is gone', async () => {
    await killed('true')
    expect(await agentbox('quarantine', 'finish')).toMatchObject({
      status: 0,
      stderr: 'no session here has left anything undone\n',
    })
  })

  it('is told once if there is nothing left to do', async () => {
    await killed('echo "{}" > .mcp.json', () => moved().includes('.mcp.json'))
    const { stderr } = await agentbox('run', '--', 'true')
    expect(stderr).toMatch(/^agentbox {2}a session here was killed \(generic\); .*: \.mcp\.json\n$/)
    expect(await agentbox('run', '--', 'true')).toMatchObject({ status: 0, stderr: '' })
    expect(notes()).toEqual([])
  })
})
