import { existsSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeHome, type Options, type TestHome } from '../../support/home.ts'
import type { Ended } from '../../support/spawn.ts'

/** git in the box, as on every day; of each thing also that nothing of it got out that should not. */
describe.each(['user', 'root'] as const)('git in the box, as %s', (who) => {
  let at: TestHome
  let project: string
  beforeAll(async () => {
    at = makeHome(who)
    project = `${at.home}/work/shop`
    at.write(
      `${at.home}/.gitconfig`,
      '[user]\n\tname = Ada\n\temail = ada@example.org\n[protocol "file"]\n\tallow = always\n[init]\n\tdefaultBranch = main\n' +
        '[credential]\n\thelper = store\n[alias]\n\tmine = log\n',
    )
    at.write(`${project}/a.txt`, 'one\n')
    at.write(`${project}/deep/b.txt`, 'two\n')
    at.write(`${project}/.agentboxrc`, 'version: 1\n')
    const script = `git init -q && git add -A && git commit -qm one &&
      git init -q --bare ../remote.git && git remote add origin ../remote.git && git push -q -u origin main &&
      git init -q ../lib && git -C ../lib commit -q --allow-empty -m lib &&
      git submodule --quiet add ../lib lib && git commit -qm lib && git push -q && git worktree add -q ../tree`
    await at.must(['sh', '-c', script], { cwd: project })
  })
  afterAll(() => at.remove())

  const box = (script: string, options: Options = {}): Promise<Ended> =>
    at.launch(['run', '--without-grants', '--', 'sh', '-c', script], { cwd: project, ...options }).ended
  const config = (): string => readFileSync(`${project}/.git/config`, 'utf8')

  it('makes a branch that follows another one, and the repository knows it afterwards', async () => {
    const done = await box(
      'git checkout -q -b feat origin/main && git status -sb | head -1 && git branch -q -D feat2; true',
    )
    expect(done).toMatchObject({ status: 0, stdout: '## feat...origin/main\n' })
    expect(await at.must(['git', 'rev-parse', '--abbrev-ref', 'feat@{upstream}'], { cwd: project })).toBe(
      'origin/main\n',
    )
    await at.must(['git', 'checkout', '-q', 'main'], { cwd: project })
    const dropped = await box('git branch -q -D feat')
    expect(dropped).toMatchObject({ status: 0 })
    expect(config()).not.toContain('feat')
  })

  it('lets the agent set what it likes for itself, and takes none of it out', async () => {
    const before = config()
    const script = `git config core.fsmonitor /tmp/evil && git config core.hooksPath /tmp && git config alias.x '!id' &&
      git config filter.x.clean evil && git remote set-url origin https://evil.example/ && git remote get-url origin`
    const done = await box(script)
    expect(done.stdout).toBe('https://evil.example/\n')
    expect(done.stderr).toContain('not taken over: ')
    expect(done.stderr).toContain('core.fsmonitor=/tmp/evil')
    expect(config()).toBe(before)
  })

  it.each([
    ['a link', 'ln -sf /etc/passwd "$c"'],
    ['a directory', 'rm "$c"; mkdir "$c"'],
    ['a FIFO', 'rm "$c"; mkfifo "$c"'],
    ['two megabytes', 'head -c 2000000 /dev/zero > "$c"'],
    ['nothing', 'rm "$c"'],
  ])('is not moved by a copy that became %s', async (_, script) => {
    const before = config()
    const done = await box(`c=$(readlink .git/config); ${script}; true`)
    expect([done.status, config()]).toEqual([0, before])
    expect(done.stderr).toContain('the copy is gone')
  })

  it('cannot be got at the repository’s own config behind the copy', async () => {
    const before = config()
    const script = `mv .git/config .git/c; rm -f .git/config; ln -f /dev/null .git/config; echo '[alias]' > .git/config.new
      mv -f .git/config.new .git/config; umount .git/config 2>/dev/null; rm -f .git/config.new; true`
    await box(script)
    expect(config()).toBe(before)
    expect(existsSync(`${project}/.git/c`)).toBe(false)
  })

  it('keeps config and what the policy names read-only when the host replaces them, and shows the new ones', async () => {
    const other = `${at.home}/work/replaced`
    at.write(`${other}/notes.txt`, 'old\n')
    at.write(`${other}/.agentboxrc`, 'version: 1\nfilesystem:\n  readonly: [notes.txt]\n')
    await at.must(['git', 'init', '-q', other])
    const until = (test: string): string =>
      `i=0; until ${test} || [ $((i += 1)) -gt 600 ]; do sleep 0.05; done`
    const script = `touch ready; ${until('test -e go')}
      ${until('test -L .git/config')}; ${until("grep -q '/notes.txt ro' /proc/self/mountinfo")}
      cat notes.txt; git config mine.key; echo evil >> notes.txt; echo '[alias]' > n; mv n .git/config
      ${until('git config mine.key > /dev/null')}; git config mine.key; git config core.fsmonitor evil`
    const running = at.launch(['run', '--', 'sh', '-c', script], { cwd: other })
    await expect.poll(() => existsSync(`${other}/ready`), { timeout: 60_000, interval: 20 }).toBe(true)
    await at.must(['git', 'config', 'mine.key', 'new'], { cwd: other })
    const replace = 'echo new > notes.new && mv notes.new notes.txt && touch go'
    await at.must(['sh', '-c', replace], { cwd: other })
    const done = await running.ended
    expect(done.stdout).toMatch(/^new\n(?:new\n)?new\n$/)
    expect(done.stderr).toMatch(/if they are not yours: mine\.key=new/)
    expect(readFileSync(`${other}/notes.txt`, 'utf8')).toBe('new\n')
    const left = readFileSync(`${other}/.git/config`, 'utf8')
    expect(left).toContain('key = new')
    expect(left).not.toContain('fsmonitor')
  })

  it('leaves no configuration behind that git would obey later', async () => {
    const script = `printf '[core]\n\tfsmonitor = evil\n' > .git/config.worktree
      mkdir -p .git/modules/x/objects .git/modules/x/refs && echo 'ref: refs/heads/main' > .git/modules/x/HEAD
      printf '[core]\n\tfsmonitor = evil\n' > .git/modules/x/config`
    const done = await box(script)
    expect(done.stderr).toContain('.git/modules/x came into being in the box and is in quarantine')
    expect(done.stderr).toContain('core.fsmonitor=evil')
    expect(readFileSync(`${project}/.git/config.worktree`, 'utf8')).toBe('')
    expect(existsSync(`${project}/.git/modules/x`)).toBe(false)
    expect(existsSync(`${project}/.git/modules/lib/HEAD`)).toBe(true)
  })

  it('makes a checkout sparse and whole again, and the repository is so afterwards', async () => {
    await at.must(['git', 'clone', '-q', 'remote.git', 'whole'], { cwd: `${at.home}/work` })
    const cwd = `${at.home}/work/whole`
    const narrow = await box('git sparse-checkout set nothing && ls -d deep', { cwd })
    expect([narrow.status, narrow.stdout]).toEqual([2, ''])
    expect(narrow.stderr).not.toContain('not taken over')
    expect(await at.must(['git', 'status', '--porcelain'], { cwd })).toBe('')
    expect(await at.must(['git', 'config', 'core.sparseCheckout'], { cwd })).toBe('true\n')
    const wide = await box('git sparse-checkout disable && ls -d deep', { cwd })
    expect([wide.status, wide.stdout]).toEqual([0, 'deep\n'])
    expect(wide.stderr).not.toContain('not taken over')
    expect(await at.must(['git', 'config', 'core.sparseCheckout'], { cwd })).toBe('false\n')
  })

  it('knows who commits, and nothing else of the user’s configuration', async () => {
    const done = await box(
      'git commit -q --allow-empty -m x && git log -1 --format="%an <%ae>"; git config --list --show-scope | grep -v ^system | grep -E "mine|credential|protocol"',
    )
    expect(done.stdout).toBe('Ada <ada@example.org>\n')
  })

  it('works in a linked worktree, a submodule and a sparse checkout, and collects garbage', async () => {
    const tree = await box(
      'git checkout -q -b t2 --track origin/main && git commit -q --allow-empty -m t && git status -sb | head -1',
      {
        cwd: `${at.home}/work/tree`,
      },
    )
    expect(tree).toMatchObject({ status: 0, stdout: '## t2...origin/main [ahead 1]\n' })
    const sub = await box(
      'cd lib && git checkout -q -b s2 --track origin/main && echo x > y && git add -A && git commit -qm y && git status -sb | head -1',
    )
    expect(sub).toMatchObject({ status: 0, stdout: '## s2...origin/main [ahead 1]\n' })
    const rest = await box(
      'git gc -q && git fsck --no-progress && git log --oneline | wc -l && git stash list && git rev-parse --is-inside-work-tree',
    )
    expect(rest).toMatchObject({ status: 0, stdout: expect.stringContaining('true') })
    await at.must(['git', 'clone', '-q', '--sparse', 'remote.git', 'sparse'], { cwd: `${at.home}/work` })
    const sparse = await box('ls; git sparse-checkout list; git add -A; git status --short', {
      cwd: `${at.home}/work/sparse`,
    })
    expect(sparse).toMatchObject({ status: 0, stdout: expect.not.stringContaining('deep') })
  })

  it('takes a repository that belongs to somebody else as outside', async () => {
    await at.root(['git', 'init', '-q', `${at.home}/work/other`])
    await at.root(['chown', '-R', '4321:4321', `${at.home}/work/other`])
    const ask = ['git', 'rev-parse', '--git-dir']
    const bare = await at.bare(ask, { cwd: `${at.home}/work/other` })
    const boxed = await at.launch(['run', '--', ...ask], { cwd: `${at.home}/work/other` }).ended
    expect([boxed.status, boxed.stdout]).toEqual([bare.status, bare.stdout])
  })
})

describe('git in the box, signing', () => {
  let at: TestHome
  let project: string
  // As root: ssh-agent and ssh-keygen refuse a uid that /etc/passwd does not know.
  beforeAll(async () => {
    at = makeHome('root')
    project = `${at.home}/work/shop`
    await at.must(['git', 'init', '-q', project])
  })
  afterAll(() => at.remove())

  it('signs with a key of the ssh agent where that is granted', async () => {
    const keys = `${at.home}/keys`
    at.dir(keys)
    await at.must(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', `${keys}/id`])
    at.write(
      `${at.home}/.gitconfig`,
      `[user]\n\tname = Ada\n\temail = ada@example.org\n\tsigningKey = ~/keys/id.pub\n[gpg]\n\tformat = ssh\n[commit]\n\tgpgSign = true\n`,
    )
    at.write(`${at.home}/.config/agentbox/config.yaml`, 'version: 1\nssh: agent\n')
    const script = `eval "$(ssh-agent -s)" >/dev/null && ssh-add -q ${keys}/id && "$0" "$1" run -- git commit -q --allow-empty -m signed; s=$?; ssh-agent -k >/dev/null; exit $s`
    const done = await at.bare(['sh', '-c', script, at.node, at.agentbox], { cwd: project })
    expect([done.status, done.stderr]).toEqual([0, expect.any(String)])
    expect(await at.must(['git', 'cat-file', 'commit', 'HEAD'], { cwd: project })).toContain(
      'BEGIN SSH SIGNATURE',
    )
  })

  it('can neither change the ssh agent nor make it load anything', async () => {
    const nonsense =
      'require("net").connect(process.env.SSH_AUTH_SOCK).on("close",()=>process.exit()).end(Buffer.alloc(300000,255))'
    at.write(
      `${project}/try.sh`,
      `ssh-add -l > within; ssh-keygen -q -t ed25519 -N "" -f /tmp/k; ssh-add /tmp/k; ssh-add -D; ssh-add -d id.pub
       ssh-add -s /usr/lib/x.so </dev/null; ${at.node} -e '${nonsense}'; ssh-add -l > later`,
    )
    const script = `eval "$(ssh-agent -s)" >/dev/null; ssh-add -q ${at.home}/keys/id; ssh-add -l > before
      cp ${at.home}/keys/id.pub .; "$0" "$1" run -- sh try.sh >/dev/null
      ssh-add -l > after; ssh-agent -k >/dev/null; ls ${at.home}/.local/state/agentbox/sessions`
    const { stdout } = await at.bare(['sh', '-c', script, at.node, at.agentbox], { cwd: project })
    const [before, ...others] = ['before', 'within', 'later', 'after'].map((name) =>
      readFileSync(`${project}/${name}`, 'utf8'),
    )
    expect(before).toContain('ED25519')
    expect(others).toEqual([before, before, before])
    expect(stdout).toBe('')
  })
})
