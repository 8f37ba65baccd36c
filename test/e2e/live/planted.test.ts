import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { lstatOf } from '../../../src/host/files.ts'
import { readJournal } from '../../../src/session/journal.ts'
import { listQuarantine } from '../../../src/protect/quarantine.ts'
import { makeHome, type TestHome } from '../../support/home.ts'
import { eventually } from '../../support/spawn.ts'
import { inside as obey, movedFrom, obedient, startBoxes, stateOf, type Box } from './boxes.ts'

describe.each(['user', 'root'] as const)('what an agent plants, as %s', (who) => {
  let at: TestHome
  let project: string
  let box: Box
  const inside = (script: string) => obey(at, project, script)
  const gone = (path: string): Promise<boolean> => eventually(() => !existsSync(`${project}/${path}`))
  const events = () => readJournal(`${stateOf(at)}/log/${box.id}.jsonl`)
  const paths = (): string[] => movedFrom(at, project)
  /** Resolves when the box may not write to it any more. It is not changed by that. */
  const isReadOnly = (path: string) =>
    inside(`until ! sh -c ': >> "$0"' ${path} 2>/dev/null; do sleep 0.05; done`)
  const isReported = (path: string): boolean =>
    events().some((one) => one.kind === 'reported' && one.path === `${project}/${path}`)

  beforeAll(async () => {
    at = makeHome(who)
    project = `${at.home}/work/project`
    at.write(`${project}/.vscode/settings.json`, '{}\n')
    at.write(`${project}/.npmrc`, 'a=1\n')
    at.write(`${project}/src/a.ts`, '')
    at.write(`${at.home}/.gitconfig`, '[user]\nname = T\nemail = t@example.com\n')
    await at.must(['git', 'init', '-q', '-b', 'main', project])
    await at.must(['git', 'init', '-q', '--bare', `${project}/fixture`])
    await at.must(['git', 'add', '-A'], { cwd: project })
    await at.must(['git', 'commit', '-qm', 'one'], { cwd: project })
    ;[box] = (await startBoxes(at, project, 1, obedient)) as [Box]
  })
  afterAll(async () => {
    await box.end()
    at.remove()
  })

  it.each([
    ['a file', 'echo "echo hacked" > .envrc', '.envrc'],
    ['what a hook manager obeys beside its file', 'echo x: > .lefthook-local.toml', '.lefthook-local.toml'],
    ['what Mercurial executes', 'mkdir .hg; echo "[hooks]" > .hg/hgrc', '.hg/hgrc'],
    ['deep down', 'mkdir -p src/deep; echo "{}" > src/deep/.mcp.json', 'src/deep/.mcp.json'],
    [
      'a workspace of an editor, whatever it is called',
      'echo "{}" > any.code-workspace',
      'any.code-workspace',
    ],
    ['by where it lies', 'mkdir -p .github/hooks; echo "{}" > .github/hooks/x.json', '.github/hooks'],
    [
      'by where it has been moved to',
      'mkdir -p c/mise; echo "[hooks]" > c/mise/config.toml; mv c .config',
      '.config/mise',
    ],
    ['a link that gives a tree such a name', 'mkdir -p src/c; ln -s c src/.cargo', 'src/.cargo'],
    ['a directory', 'mkdir .husky', '.husky'],
    ['a tree moved into place', 'mkdir -p x/hooks; echo "{}" > x/settings.json; mv x .claude', '.claude'],
    [
      'in a tree moved into place',
      'mkdir -p node_modules/y/z; echo a > node_modules/y/z/.tool-versions; mv node_modules/y w',
      'w/z/.tool-versions',
    ],
    ['a link', 'ln -s /etc/passwd .gitmodules', '.gitmodules'],
    ['another repository', 'git init -q sub', 'sub/.git'],
    ['a repository without a .git', 'cp -r .git/objects .git/refs .git/HEAD src/', 'src/HEAD'],
    ['the same, put together backwards', 'mkdir -p m/refs m/objects; cp .git/HEAD m/', 'm/HEAD'],
    ['one that borrows the rest', 'mkdir n; cp .git/HEAD n/; echo ../.git > n/commondir', 'n/HEAD'],
    [
      'a worktree of this repository that takes its config elsewhere',
      'mkdir -p .git/worktrees/x o; cp .git/HEAD .git/worktrees/x; echo "$PWD/e" > .git/worktrees/x/commondir;' +
        'echo "$PWD/o/.git" > .git/worktrees/x/gitdir; echo "gitdir: ../.git/worktrees/x" > o/.git',
      'o/.git',
    ],
    [
      'the same, with settings beside the config',
      'mkdir -p .git/worktrees/y q; cp .git/HEAD .git/worktrees/y; echo ../.. > .git/worktrees/y/commondir;' +
        'echo "[core] fsmonitor = evil" > .git/worktrees/y/config.worktree;' +
        'echo "$PWD/q/.git" > .git/worktrees/y/gitdir; echo "gitdir: ../.git/worktrees/y" > q/.git',
      'q/.git',
    ],
    ['what steers a bare repository that was there', 'echo ../.git > fixture/commondir', 'fixture/commondir'],
  ])('%s is moved away', async (_what, script, path) => {
    await inside(script)
    expect(await gone(path)).toBe(true)
    // It is told of when it has been moved.
    const told = (): boolean =>
      events().some((one) => one.kind === 'quarantined' && one.path === `${project}/${path}`)
    expect(await eventually(told)).toBe(true)
    expect(paths()).toContain(path)
  })

  it('names what was changed that people run by hand, and leaves it where it is', async () => {
    at.write(`${project}/Makefile`, 'all:\n')
    at.write(`${project}/sub dir/package.json`, '{}\n')
    await inside(
      'echo "x: ; evil" >> Makefile; echo "{}" > src/conftest.py; echo "{}" > flake.nix; mkdir -p .github/workflows',
    )
    const edited = (): string[] =>
      events().flatMap((one) => (one.kind === 'edited' ? [one.path.slice(project.length + 1)] : []))
    expect(
      await eventually(() =>
        ['src/conftest.py', 'Makefile', 'flake.nix'].every((path) => edited().includes(path)),
      ),
    ).toBe(true)
    expect(readFileSync(`${project}/Makefile`, 'utf8')).toContain('evil')
  })

  it('does not touch what was there before, and protects it again when the host replaces it', async () => {
    at.write(`${project}/.npmrc.new`, 'a=2\n')
    renameSync(`${project}/.npmrc.new`, `${project}/.npmrc`)
    await isReadOnly('.npmrc')
    await inside(
      'echo evil >> .npmrc; echo evil > .vscode/tasks.json; rm .npmrc; echo "[evil]" >> fixture/config',
    )
    expect(readFileSync(`${project}/fixture/config`, 'utf8')).not.toContain('evil')
    expect(existsSync(`${project}/fixture/HEAD`)).toBe(true)
    expect(readFileSync(`${project}/.npmrc`, 'utf8')).toBe('a=2\n')
    expect(existsSync(`${project}/.vscode/tasks.json`)).toBe(false)
    expect(paths()).not.toContain('.npmrc')
  })

  it('lets the host add a worktree, and says so', async () => {
    await at.must(['git', 'worktree', 'add', '-q', 'tree', '-b', 'side'], { cwd: project })
    expect(await eventually(() => isReported('tree/.git'))).toBe(true)
    expect(existsSync(`${project}/tree/.git`)).toBe(true)
    await inside('mkdir other; echo "gitdir: ../evil" > other/.git')
    expect(await gone('other/.git')).toBe(true)
  })

  it('takes away the administration of a worktree whose name is no text', async () => {
    const dir = '.git/worktrees/z\udcff'
    await inside(
      `d=$(printf '.git/worktrees/z\\377'); mkdir -p "$d" o; cp .git/HEAD "$d"; echo "$PWD/e" > "$d/commondir"`,
    )
    // What it was is noted before it is moved.
    expect(await eventually(() => lstatOf(`${project}/${dir}`) === undefined)).toBe(true)
    expect(paths()).toContain(dir)
  })

  it('takes away the administration of a worktree elsewhere that is made to follow other settings', async () => {
    await at.must(['git', 'worktree', 'add', '-q', `${at.home}/aside`, '-b', 'aside'], { cwd: project })
    await inside('mkdir e; echo "$PWD/e" > .git/worktrees/aside/commondir')
    expect(await gone('.git/worktrees/aside')).toBe(true)
    expect(paths()).toContain('.git/worktrees/aside')
    await inside('git worktree add -q mine -b mine; git -C mine sparse-checkout set src')
    expect(await eventually(() => isReported('mine/.git'))).toBe(true)
    expect(existsSync(`${project}/mine/.git`)).toBe(true)
    expect(existsSync(`${project}/.git/worktrees/mine`)).toBe(true)
  })

  it('moves away another one that stands where the user restored one, in another directory', async () => {
    // In one step: the directory alone is moved away before there is a file in it.
    await inside(
      'mkdir -p pkg node_modules/z; echo "{}" > node_modules/z/tasks.json; mv node_modules/z pkg/.zed',
    )
    expect(await gone('pkg/.zed')).toBe(true)
    await at.must([at.node, at.agentbox, 'quarantine', 'restore', 'pkg/.zed'], { cwd: project })
    const isKept = (): boolean => {
      try {
        return box.sees(`${project}/pkg/.zed`) === 'tasks.json'
      } catch {
        return false
      }
    }
    expect(await eventually(isKept)).toBe(true)
    await inside(
      `until ! touch pkg/.zed/x 2>/dev/null; do sleep 0.05; done
       mkdir -p node_modules/q/.zed; echo evil > node_modules/q/.zed/tasks.json; mv pkg pkg2; mv node_modules/q pkg`,
    )
    expect(await gone('pkg/.zed')).toBe(true)
  })

  it('shows, restores and drops it; what the user restores stays', async () => {
    const run = (...args: string[]) =>
      at.bare([at.node, at.agentbox, 'quarantine', ...args], { cwd: project })
    const list = await run('list', '--json')
    expect(JSON.parse(list.stdout)).toMatchObject({ version: 1 })
    expect((await run('show', '.envrc')).stdout).toContain('echo hacked')
    expect(await run('restore', '.envrc')).toMatchObject({ status: 0 })
    await isReadOnly('.envrc')
    expect(readFileSync(`${project}/.envrc`, 'utf8')).toBe('echo hacked\n')
    expect((await run('drop', '--all')).status).toBe(0)
    expect((await run()).stdout).toBe('')
    expect((await run('show', 'nothing')).status).toBe(125)
  })

  it('leaves alone what appears while no session runs', async () => {
    await inside(
      'mkdir -p .git/rebase-merge .git/remotes; echo "exec evil" > .git/rebase-merge/git-rebase-todo;' +
        'echo "URL: https://evil.example/x" > .git/remotes/origin;' +
        'mkdir -p .git/modules/deep; ln -s "$PWD/node_modules/e" .git/modules/deep/sub',
    )
    const { stderr } = await box.end()
    expect(stderr).toMatch(/rebase --continue would run .*exec evil/)
    expect(stderr).toContain('.git/remotes/origin came into being in the box and is in quarantine')
    expect(existsSync(`${project}/.git/remotes/origin`)).toBe(false)
    expect(stderr).toContain('.git/modules/deep/sub came into being in the box and is in quarantine')
    expect(readdirSync(`${project}/.git/modules/deep`)).toEqual([])
    rmSync(`${project}/.git/rebase-merge`, { recursive: true })
    expect(stderr).toMatch(/files changed that you run by hand \(.*Makefile/)
    expect(events()).toContainEqual(
      expect.objectContaining({ kind: 'edited', path: `${project}/.github/workflows`, runBy: 'GitHub' }),
    )
    mkdirSync(`${project}/later`)
    writeFileSync(`${project}/later/.envrc`, '')
    await eventually(() => false, 300)
    expect(existsSync(`${project}/later/.envrc`)).toBe(true)
    rmSync(`${project}/later`, { recursive: true })
    ;[box] = (await startBoxes(at, project, 1, obedient)) as [Box]
  })
})

it('takes away what an agent plants in its last moments', async () => {
  const at = makeHome('user')
  try {
    const project = `${at.home}/work/project`
    at.write(`${project}/node_modules/a`, '')
    await at.must(['git', 'init', '-q', '-b', 'main', project])
    const many =
      'for i in $(seq 300); do mkdir -p node_modules/t/$i/x; : > node_modules/t/$i/x/.envrc; done; mv node_modules/t t'
    for (const last of [many, 'touch .git/index.lock; echo evil > .envrc']) {
      const { status } = await at.bare([at.node, at.agentbox, 'run', '--', 'bash', '-c', last], {
        cwd: project,
      })
      expect(status).toBe(0)
    }
    expect(await at.must(['find', '.', '-name', '.envrc'], { cwd: project })).toBe('')
  } finally {
    at.remove()
  }
})

it('takes away repositories that an agent leaves where nobody watches, and none that were there', async () => {
  const at = makeHome('user')
  try {
    const project = `${at.home}/work/project`
    const dependency = `${project}/node_modules/dependency`
    await at.must(['git', 'init', '-q', '-b', 'main', project])
    await at.must(['git', 'init', '-q', '-b', 'main', dependency])
    await at.must(['git', 'init', '-q', '--bare', `${project}/node_modules/fixture`])
    at.write(`${project}/evil`, '#!/bin/sh\necho ran >> "$HOME/ran"\n', 0o755)
    // Each takes a repository that git itself makes, and has it run something at every `git status`.
    const places = ['node_modules/bare', 'node_modules/a/b/node_modules/c', 'later/node_modules/x', '.git/x']
    const plant = [
      'set -e; evil() { git config -f "$1" core.fsmonitor "$PWD/evil"; git config -f "$1" core.bare false; }',
      ...places.map(
        (path) =>
          `git init -q --bare ${path}; git config -f ${path}/config core.worktree .; evil ${path}/config`,
      ),
      'git init -q node_modules/whole; evil node_modules/whole/.git/config',
      'git -C node_modules/dependency status; echo gitdir: ../../sub > node_modules/dependency/HEAD',
    ].join('\n')
    const run = await at.bare([at.node, at.agentbox, 'run', '--', 'sh', '-c', plant], { cwd: project })
    expect(run).toMatchObject({ status: 0 })
    for (const path of [...places, 'node_modules/whole'])
      await at.bare(['git', 'status'], { cwd: `${project}/${path}` })
    expect(existsSync(`${at.home}/ran`)).toBe(false)
    const moved = listQuarantine(stateOf(at)).map(({ path }) => path.slice(project.length + 1))
    expect(moved.toSorted()).toEqual(
      [...places.map((path) => `${path}/HEAD`), 'node_modules/whole/.git'].toSorted(),
    )
    expect(existsSync(`${dependency}/.git/HEAD`)).toBe(true)
    expect(existsSync(`${project}/node_modules/fixture/HEAD`)).toBe(true)
    expect(run.stderr).toContain('5 files quarantined')
  } finally {
    at.remove()
  }
})

it('only reports where the policy says so', async () => {
  const at = makeHome('user')
  try {
    const project = `${at.home}/work/project`
    at.write(`${at.home}/.config/agentbox/config.yaml`, 'version: 1\nprotect: {absent: report}\n')
    at.write(`${project}/a`, '')
    const [box] = (await startBoxes(at, project, 1, obedient)) as [Box]
    at.write(`${project}/do.new`, 'echo x > .envrc')
    renameSync(`${project}/do.new`, `${project}/do`)
    const events = () => readJournal(`${stateOf(at)}/log/${box.id}.jsonl`)
    expect(await eventually(() => events().some(({ kind }) => kind === 'reported'))).toBe(true)
    expect(existsSync(`${project}/.envrc`)).toBe(true)
    const { stderr } = await box.end()
    expect(stderr).toContain('1 file appeared that runs outside the box')
  } finally {
    at.remove()
  }
})
