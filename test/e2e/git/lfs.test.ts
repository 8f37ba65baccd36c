import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeHome, type TestHome } from '../../support/home.ts'

describe.each(['user', 'root'] as const)('git LFS in the box, as %s', (who) => {
  let at: TestHome
  let project: string
  beforeAll(async () => {
    at = makeHome(who)
    project = `${at.home}/work/shop`
    at.write(`${at.home}/.gitconfig`, '[user]\n\tname = Ada\n\temail = ada@example.org\n')
    at.write(`${project}/.gitattributes`, '*.bin filter=lfs diff=lfs merge=lfs -text\n')
    const script = 'git init -q && git lfs install --skip-repo >/dev/null && git add -A && git commit -qm one'
    await at.must(['sh', '-c', script], { cwd: project })
  })
  afterAll(() => at.remove())

  it('commits pointers, brings the content back, and the repository is whole afterwards', async () => {
    const script = `git config filter.lfs.required && echo large > a.bin && git add -A && git commit -qm two &&
      git cat-file blob HEAD:a.bin | head -1 && rm a.bin && git checkout -q a.bin && cat a.bin && git status --short`
    const done = await at.launch(['run', '--', 'sh', '-c', script], { cwd: project }).ended
    expect([done.status, done.stdout]).toEqual([
      0,
      'true\nversion https://git-lfs.github.com/spec/v1\nlarge\n',
    ])
    expect(await at.must(['git', 'lfs', 'fsck'], { cwd: project })).toContain('OK')
    expect(await at.must(['git', 'status', '--porcelain'], { cwd: project })).toBe('')
  })

  it('has the filters of the user’s own configuration as LFS writes them, and no other command', async () => {
    at.write(
      `${at.home}/.gitconfig`,
      '[user]\n\tname = Ada\n\temail = a@b\n[filter "lfs"]\n\tclean = /evil\n\tsmudge = /evil\n\tprocess = /evil\n[filter "other"]\n\tclean = /evil\n',
    )
    const ask = `git config --show-origin --get-all filter.lfs.clean; git config --get-regexp 'filter\\.other'`
    const done = await at.launch(['run', '--', 'sh', '-c', ask], { cwd: project }).ended
    expect(done.stdout).toMatch(/^file:\/run\/agentbox\/\S+\tgit-lfs clean -- %f$/m)
    expect(done.stdout).not.toContain('evil')
  })
})
