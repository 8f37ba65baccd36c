import { existsSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeHome, type TestHome } from '../../support/home.ts'
import type { Ended } from '../../support/spawn.ts'

/** A repository in the project, and one in a directory that is granted for writing, are as the project's own. */
describe('repositories beside the project’s own', () => {
  let at: TestHome
  let project: string
  let granted: string
  const box = (script: string): Promise<Ended> =>
    at.launch(['run', '--', 'sh', '-c', script], { cwd: project }).ended

  beforeAll(async () => {
    at = makeHome('user')
    project = `${at.home}/work/project`
    granted = `${at.home}/granted`
    at.write(`${at.home}/.gitconfig`, '[user]\n\tname = Ada\n\temail = ada@example.org\n')
    at.write(`${at.home}/.config/agentbox/config.yaml`, `version: 1\nfilesystem: {write: [${granted}]}\n`)
    at.dir(project)
    at.dir(granted)
    const script = `git init -q . && git init -q nested && git init -q --bare bare && git init -q ${granted}
      for one in . nested ${granted}; do git -C $one commit -q --allow-empty -m one; done`
    await at.must(['sh', '-c', script], { cwd: project })
  })
  afterAll(() => at.remove())

  it('go without the git directories of submodules and the addresses that the box leaves in them', async () => {
    const script = `for git in nested/.git bare ${granted}/.git; do
        mkdir -p $git/modules $git/remotes; cp -r .git $git/modules/new; echo URL: evil > $git/remotes/o
      done`
    const { stderr } = await box(script)
    for (const git of [`${project}/nested/.git`, `${project}/bare`, `${granted}/.git`]) {
      expect(existsSync(`${git}/modules/new/HEAD`)).toBe(false)
      expect(existsSync(`${git}/remotes/o`)).toBe(false)
      expect(stderr).toContain(`${git}/remotes/o came into being in the box and is in quarantine`)
    }
  })

  it('may have worktrees that are theirs, and none that leads elsewhere', async () => {
    const script = `for git in nested ${granted}; do
        git -C $git worktree add -q tree -b tree; git -C $git worktree add -q off -b off
        mkdir e; echo "$PWD/e" > $git/.git/worktrees/off/commondir; rmdir e
      done
      for try in $(seq 300); do
        [ -e nested/.git/worktrees/off ] || [ -e ${granted}/.git/worktrees/off ] || break; sleep 0.1
      done`
    await box(script)
    for (const git of [`${project}/nested`, granted]) {
      expect([git, existsSync(`${git}/tree/.git`), existsSync(`${git}/.git/worktrees/off`)]).toEqual([
        git,
        true,
        false,
      ])
    }
  })

  it('are told of when going on with a rebase or a cherry-pick would run a program of the box', async () => {
    const { stderr } = await box(
      `mkdir -p nested/.git/sequencer .git/rebase-merge; echo x/y > .git/rebase-merge/strategy
       printf '[options]\\n\\tstrategy = x/y\\n' > nested/.git/sequencer/opts`,
    )
    expect(stderr).toContain(
      'git cherry-pick --continue or rebase --continue would run what came from the box',
    )
    expect(stderr).toContain('rebase-merge/strategy: x/y, and 1 more')
    const again = await box('echo ort > .git/rebase-merge/strategy')
    expect(again.stderr).not.toContain('would run what came')
    const link = 'echo exec evil > steps; ln -s ../../steps .git/rebase-merge/git-rebase-todo'
    expect((await box(link)).stderr).toContain('rebase-merge/git-rebase-todo: no ordinary file')
  })

  it('get nothing that their settings name and that was not there, nor what git and its friends would obey', async () => {
    await at.must(['git', 'config', 'core.hooksPath', 'build/hooks'], { cwd: project })
    await at.must(['git', 'config', 'include.path', '../../local.cfg'], { cwd: `${project}/nested` })
    const planted = [
      'build/hooks',
      'local.cfg',
      '.git/lazygit.yml',
      'nested/.git/objects/info/alternates',
      'bare/info/grafts',
    ]
    const { stderr } = await box(
      `mkdir -p build bare/info nested/.git/objects/info
       for one in ${planted.join(' ')}; do echo evil > $one; done; git replace HEAD $(git commit-tree -m other HEAD^{tree})`,
    )
    for (const path of planted) expect([path, existsSync(`${project}/${path}`)]).toEqual([path, false])
    expect(stderr).toMatch(/refs\/replace\/[0-9a-f]+ came from the box: git shows another object/)
  })
  it('get nothing of it by a link on the way there either', async () => {
    await at.must(['git', 'config', 'core.hooksPath', 'tools/hooks'], { cwd: project })
    const { stderr } = await box('mkdir -p else/hooks; touch else/hooks/pre-commit; ln -s else tools')
    expect(stderr).toContain('quarantined (tools)')
    expect(existsSync(`${project}/tools`)).toBe(false)
  })
  it('get nothing of it in a worktree that the box makes either, and lose nothing that was there', async () => {
    await at.must(['git', 'config', 'core.hooksPath', 'kept'], { cwd: project })
    at.write(`${project}/kept/pre-commit`, '')
    const { stderr } =
      await box(`git worktree add -q new; mkdir -p new/kept; touch new/kept/pre-commit; sleep 0.5
      git worktree add -q false; echo $PWD/.git > .git/worktrees/false/gitdir`)
    expect(stderr).toContain('new/kept')
    expect(['new/kept', 'kept'].map((path) => existsSync(`${project}/${path}`))).toEqual([false, true])
  })
})
