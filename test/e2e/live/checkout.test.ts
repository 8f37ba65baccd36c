import { existsSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ask, liveSessions } from '../../../src/session/registry.ts'
import { makeHome, type TestHome } from '../../support/home.ts'
import { eventually } from '../../support/spawn.ts'
import { inside as obey, movedFrom, obedient, startBoxes, stateOf, type Box } from './boxes.ts'

describe.each(['user', 'root'] as const)('what git brings on the host while boxes run, as %s', (who) => {
  let at: TestHome
  let project: string
  let boxes: Box[]
  const git = (...args: string[]): Promise<string> => at.must(['git', ...args], { cwd: project })
  const quarantined = (): string[] => movedFrom(at, project)
  const agentbox = (...args: string[]) => at.bare([at.node, at.agentbox, ...args], { cwd: project })
  const inside = (script: string) => obey(at, project, script)
  const moved = (path: string): Promise<boolean> => eventually(() => quarantined().includes(path))

  beforeAll(async () => {
    at = makeHome(who)
    project = `${at.home}/work/project`
    at.write(`${at.home}/.gitconfig`, '[user]\nname = T\nemail = t@example.com\n')
    at.write(`${project}/src/a.ts`, '')
    at.write(`${project}/.gitignore`, 'do*\nsaid\n')
    await at.must(['git', 'init', '-q', '-b', 'main', project])
    await git('add', '-A')
    await git('commit', '-qm', 'one')
    await git('checkout', '-qb', 'feature')
    at.write(`${project}/.vscode/tasks.json`, '{"version": "2.0.0"}\n')
    at.write(`${project}/tools/.envrc`, 'export A=1\n', 0o755)
    await git('add', '-A')
    await git('commit', '-qm', 'tasks')
    await git('checkout', '-q', 'main')
    await git('clean', '-qfd')
    boxes = await startBoxes(at, project, 2, obedient)
  })
  afterAll(async () => {
    await Promise.all(boxes.map((box) => box.end()))
    at.remove()
  })

  it('is moved away whole, and can be had back, without hooks', async () => {
    await git('checkout', '-q', 'feature')
    expect((await moved('.vscode')) && (await moved('tools/.envrc'))).toBe(true)
    for (const path of ['.vscode', 'tools/.envrc'])
      expect((await agentbox('quarantine', 'restore', path)).status).toBe(0)
    expect(await git('status', '--porcelain')).toBe('')
    expect(quarantined()).toEqual([])
    await git('checkout', '-q', 'main')
    expect(existsSync(`${project}/.vscode`)).toBe(false)
  })

  it('stays where the hooks tell of it', async () => {
    expect((await agentbox('hooks', 'install')).status).toBe(0)
    // What was there a moment ago counts as known.
    await Promise.all(boxes.map((box) => box.end()))
    boxes = await startBoxes(at, project, 2, obedient)
    const { stderr } = await at.bare(['git', 'checkout', '-q', 'feature'], { cwd: project })
    expect(stderr).toContain('.vscode came with this checkout and stays')
    expect(quarantined()).toEqual([])
    expect(await git('status', '--porcelain')).toBe('')
    expect(readFileSync(`${project}/.vscode/tasks.json`, 'utf8')).toBe('{"version": "2.0.0"}\n')
    // Nobody's in the box, and of nothing else there.
    await inside('echo evil > .vscode/tasks.json; echo evil > .vscode/launch.json; echo evil > tools/.envrc')
    expect(await git('status', '--porcelain')).toBe('')
    await git('checkout', '-q', 'main')
  })

  // No user is asked about by the rest.
  if (who === 'root') return

  it('is not what the agent has committed to the branch that is there', async () => {
    const before = (await git('rev-parse', 'HEAD')).trim()
    await inside('echo evil > .mcp.json; git add -f .mcp.json; git commit -qm evil; git status --porcelain')
    expect(await moved('.mcp.json')).toBe(true)
    await inside(
      'o=$(echo evil | git hash-object -w --stdin); git update-index --add --cacheinfo 100644,$o,.mcp.json; git commit -qm evil',
    )
    await git('checkout', '-q', '-b', 'side')
    expect(existsSync(`${project}/.mcp.json`)).toBe(false)
    expect(quarantined()).toContain('.mcp.json')
    expect((await agentbox('quarantine', 'drop', '--all')).status).toBe(0)
    // The agent's first commit may have had the file, too, or have come too late for it.
    await git('reset', '-q', '--hard', before)
  })

  it('is not what the agent makes of it, or adds to it', async () => {
    await Promise.all(boxes.map((box) => box.end()))
    boxes = await startBoxes(at, project, 1, obedient)
    // As if the agent had been quicker than the hook.
    await inside('mkdir do.x; echo evil > do.x/tasks.json; mv do.x .vscode')
    expect(await moved('.vscode')).toBe(true)
    const [old, now] = [await git('rev-parse', 'side'), await git('rev-parse', 'feature')].map((name) =>
      name.trim(),
    )
    const hook = () => agentbox('hook', 'post-checkout', old!, now!, '1')
    expect((await hook()).stderr).not.toContain('came with this checkout')
    expect(quarantined()).toEqual(['.vscode'])
    expect((await agentbox('quarantine', 'drop', '--all')).status).toBe(0)
    await inside(`mkdir do.x; echo '{"version": "2.0.0"}' > do.x/tasks.json; mv do.x .vscode`)
    expect(await moved('.vscode')).toBe(true)
    // Nothing was checked out, or something that had it before.
    for (const args of [
      [old, now, '0'],
      [now, now, '1'],
      [now, old, '1'],
      ['0'.repeat(40), now, '1'],
      [],
    ] as string[][])
      expect((await agentbox('hook', 'post-checkout', ...args)).stderr).not.toContain(
        'came with this checkout',
      )
    expect(quarantined()).toEqual(['.vscode'])
    expect((await hook()).stderr).toContain('.vscode came with this checkout')
    expect(quarantined()).toEqual([])
  })

  it('is what was announced, and nothing else under that name', async () => {
    const [session] = liveSessions(stateOf(at))
    const identity = { dev: '1', ino: '2' }
    const path = `${project}/.envrc`
    expect(await ask(stateOf(at), session!, { do: 'expect', path, identity })).toMatchObject({ ok: true })
    await inside('echo evil > .envrc')
    expect(await moved('.envrc')).toBe(true)
  })
})
