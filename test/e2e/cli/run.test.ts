import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { makeHome, type Options, type TestHome } from '../../support/home.ts'
import type { Ended } from '../../support/spawn.ts'
import type { Who } from '../../support/who.ts'

describe.each(['user', 'root'] as const)('agentbox run, as %s', (who: Who) => {
  let at: TestHome
  let project: string

  const run = (args: string[], options: Options = {}): Promise<Ended> =>
    at.launch(args, { cwd: project, ...options }).ended
  const boxed = (...command: string[]): Promise<Ended> => run(['run', '--', ...command])
  const sh = (script: string, options: string[] = [], rest: Options = {}): Promise<Ended> =>
    run(['run', ...options, '--', 'sh', '-c', script], rest)

  beforeAll(async () => {
    at = makeHome(who)
    project = `${at.home}/work/project`
    at.write(`${project}/a.txt`, 'a\n')
    at.write(`${at.home}/work/plain.sh`, 'echo\n', 0o755)
    at.write(`${project}/.env`, 'TOKEN=s3cret\nNAME="x"\n')
    await at.must(['git', 'init', '-q', project])
  })
  afterAll(() => at.remove())

  describe('arguments', () => {
    it.each([
      [['--help']],
      [['-s', '--', '-x']],
      [['--network', 'none', '--']],
      [['a b', '', 'new\nline', "it's", '"q"', '$HOME', '*', '\\']],
      [['é', '😀', '-']],
      [['x'.repeat(100_000)]],
    ])('%.40j reach the command', async (args) => {
      const { stdout, status } = await boxed('printf', '%s\\0', ...args)
      expect(status).toBe(0)
      expect(Buffer.from(stdout, 'latin1').toString('utf8').split('\0').slice(0, -1)).toEqual(args)
    })

    it('need no -- in front', async () => {
      expect((await run(['run', 'printf', '%s.', '--help', '-n'])).stdout).toBe('--help.-n.')
    })

    it('may hold bytes that are no text', async () => {
      const script = `exec "$0" "$1" run -- printf %s "$(printf 'a\\377b')"`
      const done = await at.bare(['sh', '-c', script, at.node, at.agentbox], { cwd: project })
      expect(done.stdout).toBe('a\u00FFb')
    })
  })

  describe('the end', () => {
    it.each([0, 1, 2, 3, 42, 125, 126, 127, 128, 255])('exit %i is exit %i', async (code) => {
      expect((await sh(`exit ${code}`)).status).toBe(code)
    })

    it.each(['SIGTERM', 'SIGKILL', 'SIGINT', 'SIGHUP', 'SIGUSR1', 'SIGPIPE'] as const)(
      'death by %s is reported as such',
      async (signal) =>
        expect(await sh(`kill -${signal.slice(3)} $$`)).toMatchObject({ signal, status: null }),
    )

    it.each([
      ['ABRT', 134],
      ['SEGV', 139],
    ])('death by %s is status %i, with no core file', async (signal, status) => {
      expect((await sh(`ulimit -c unlimited 2>/dev/null; kill -${signal} $$`)).status).toBe(status)
      expect(readdirSync(project).toSorted()).toEqual(['.env', '.git', 'a.txt'])
    })

    it.each(['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGUSR2'] as const)(
      '%s reaches the trap of the command',
      async (signal) => {
        const script = `trap 'echo trapped; exit 9' ${signal.slice(3)}; echo ready; while :; do sleep 0.05; done`
        const running = at.launch(['run', '--', 'sh', '-c', script], { cwd: project })
        await running.says('ready')
        process.kill(running.pid, signal)
        expect(await running.ended).toMatchObject({ status: 9, stdout: 'ready\ntrapped\n' })
      },
    )

    it.each(['umask 027;', 'ulimit -Sn 333;', 'nice -n 3'])(
      'inherits like a bare program: %s',
      async (prefix) => {
        const report = 'umask; ulimit -Sn; nice'
        // Of the hard limit, which Node has made the soft one of the tests, a box has three quarters.
        const few = `ulimit -Sn 500; ${prefix}`
        const bare = await at.bare(['sh', '-c', `${few} sh -c "$0"; exit $?`, report], { cwd: project })
        const script = `${few} "$1" "$2" run -- sh -c "$0"; exit $?`
        expect(await at.bare(['sh', '-c', script, report, at.node, at.agentbox], { cwd: project })).toEqual(
          bare,
        )
      },
    )

    it('standard input, output and error are those of the command', async () => {
      const script = `printf 'in\\n' | "$0" "$1" run -- sh -c 'cat; echo err >&2'`
      const done = await at.bare(['sh', '-c', script, at.node, at.agentbox], { cwd: project })
      expect(done).toMatchObject({ stdout: 'in\n', stderr: 'err\n', status: 0 })
    })
  })

  describe('refusals', () => {
    it.each([
      ['a command that is not there', ['nothing-like-this'], 127, 'nothing-like-this: command not found'],
      ['a path that is not there', ['./nothing'], 127, 'command not found'],
      ['a file that is no program', ['./a.txt'], 126, 'not an executable file'],
      ['a script that does not say by what', ['../plain.sh'], 126, 'a first line such as #!/bin/sh'],
      ['a directory', ['.'], 127, 'not found'],
      ['a directory by path', ['./.git'], 126, 'not an executable file'],
      ['the empty command', [''], 127, 'command not found'],
    ])('%s', async (_name, command, status, text) => {
      const done = await run(['run', '--', ...command])
      expect(done.status).toBe(status)
      expect(done.stderr).toContain(text)
      expect(done.stderr).not.toContain('    at ')
    })

    it.each([
      ['the root', () => '/'],
      ['the home', () => at.home],
      ['what contains the home', () => at.base],
      ['a system directory', () => '/usr'],
      ['its own state', () => `${at.home}/.local/state/agentbox`],
    ])('no box for %s', async (_name, dir) => {
      await boxed('true')
      const done = await run(['run', '--', 'true'], { cwd: dir() })
      expect(done.status).toBe(125)
      expect(done.stderr).toMatch(/no box for .*\n +go to the directory of a project\n/)
    })

    it('no box for a home that is a repository, whoever is below it: that can be made one', async () => {
      at.dir(`${at.home}/dotfiles/below`)
      await at.must(['git', 'init', '-q', at.home])
      const done = await run(['run', '--', 'true'], { cwd: `${at.home}/dotfiles/below` })
      rmSync(`${at.home}/.git`, { recursive: true })
      expect(done.status).toBe(125)
      expect(done.stderr).toContain(`make ${at.home}/dotfiles/below a repository of its own (git init)`)
    })

    it('a directory that is gone', async () => {
      at.dir(`${at.home}/gone`)
      const script = `cd "${at.home}/gone" && rmdir ../gone && exec "$0" "$1" run -- true`
      const done = await at.bare(['sh', '-c', script, at.node, at.agentbox])
      expect(done.status).toBe(125)
      expect(done.stderr).toContain('does not exist any more')
    })

    it.each([
      [['run'], 'run needs a command'],
      [['run', '--nonsense', '--', 'true'], "Unknown option '--nonsense'"],
      [['run', '--network', 'some', '--', 'true'], '--network is one of: none, allow, host'],
      [['nonsense'], 'there is no command "nonsense"'],
      [['statsu'], 'there is no command "statsu"; did you mean "status"?'],
      [['--nonsense'], 'there is no option "--nonsense"'],
      [['masks', 'a.txt'], 'masks takes no argument'],
      [['schema', 'a'], 'schema takes no argument'],
      [['allow', '--yes', 'a.example'], 'allow takes no argument'],
      [['deny', 'a.example'], 'deny takes no argument'],
      [['shims', 'nonsense'], 'install, list, remove'],
    ])('%j is a usage error', async (args, text) => {
      const done = await run(args)
      expect(done.status).toBe(2)
      expect(done.stderr).toContain(text)
    })
  })

  describe('policy', () => {
    const rc = (text: string): void => at.write(`${project}/.agentboxrc`, text)
    const clean = (): void => rmSync(`${project}/.agentboxrc`, { recursive: true, force: true })

    it.each([
      ['an unknown key', 'version: 1\nmaskes: {}\n', '.agentboxrc:2:1: unknown key "maskes"'],
      ['a grant nobody approved', 'version: 1\nfilesystem:\n  read: [~/notes]\n', 'asks for 1 grant'],
      ['a host nobody approved', 'version: 1\nnetwork: {allow: [a.example]}\n', 'network a.example'],
      ['what is no policy', '[]\n', '.agentboxrc:1:1'],
      ['a bomb', `a: &a [x,x]\nb: [${'*a,'.repeat(100)}*a]\n`, '.agentboxrc:1'],
    ])('%s starts nothing', async (_name, text, message) => {
      rc(text)
      const done = await sh('echo started')
      clean()
      expect(done).toMatchObject({ status: 125, stdout: '' })
      expect(done.stderr).toContain(message)
    })

    it('without its grants it runs without them', async () => {
      at.write(`${at.home}/notes/n`, 'n')
      rc('version: 1\nfilesystem:\n  read: [~/notes]\n')
      const done = await sh('ls ~/notes; echo started', ['--without-grants'])
      clean()
      expect(done).toMatchObject({ status: 0, stdout: 'started\n' })
    })

    it('restricts without asking', async () => {
      rc(
        'version: 1\nfilesystem:\n  readonly: [docs]\n  hide: [infra]\nmasks: {patterns: ["*.tfvars"], show: keys}\n',
      )
      at.write(`${project}/docs/d`, 'd\n')
      at.write(`${project}/infra/i`, 'i\n')
      at.write(`${project}/x.tfvars`, 'password = 1\n')
      const done = await sh(
        'cat docs/d; echo x 2>/dev/null > docs/d; ls infra; cat x.tfvars; grep -v "^#" .env; touch a.txt',
      )
      clean()
      for (const name of ['docs', 'infra', 'x.tfvars']) rmSync(`${project}/${name}`, { recursive: true })
      expect(done.stdout).toBe('d\nTOKEN=\nNAME=""\n')
      expect(done.status).toBe(0)
    })

    it("takes the user's own configuration", async () => {
      at.write(`${at.home}/notes/n`, 'note\n')
      at.write(
        `${at.home}/.config/agentbox/config.yaml`,
        'version: 1\nfilesystem:\n  read: [~/notes]\nenv: {pass: [MY_VALUE]}\n',
        0o600,
      )
      const done = await sh(
        'cat ~/notes/n; echo $MY_VALUE; touch ~/notes/x 2>/dev/null || echo read-only',
        [],
        {
          env: { MY_VALUE: '42' },
        },
      )
      rmSync(`${at.home}/.config/agentbox`, { recursive: true })
      expect(done.stdout).toBe('note\n42\nread-only\n')
    })

    it('cannot open what agentbox keeps', async () => {
      const done = await sh('true', ['--write', '~/.cache'])
      expect(done.status).toBe(2)
      expect(done.stderr).toContain('/.cache/agentbox')
    })
  })

  describe('the home', () => {
    it('is kept for the repository, and nothing of it is in the real one', async () => {
      await sh('echo kept > ~/note; mkdir -p ~/.config/tool')
      expect((await sh('cat ~/note')).stdout).toBe('kept\n')
      expect(readdirSync(at.home)).not.toContain('note')
    })

    it('is another one for another repository', async () => {
      at.write(`${at.home}/work/other/f`, '')
      expect((await sh('cat ~/note 2>/dev/null', [], { cwd: `${at.home}/work/other` })).stdout).toBe('')
    })

    it('can be for one run, and then nothing of it is left, closed directories included', async () => {
      const script = 'ls ~; echo x > ~/note; mkdir -p ~/shut/in; chmod 0 ~/shut; ls ~'
      expect((await sh(script, ['--home', 'ephemeral'])).stdout).toContain('note')
      expect((await sh('ls ~', ['--home', 'ephemeral'])).stdout).not.toContain('note')
      expect(readdirSync(`${at.home}/.local/state/agentbox/sessions`)).toEqual([])
    })
  })

  it('has no network with none', async () => {
    const { stdout } = await sh('cat /proc/net/dev | tail -n +3 | cut -d: -f1 | tr -d " "', [
      '--network',
      'none',
    ])
    expect(stdout).toBe('lo\n')
  })

  it('knows who commits, and nothing else of the git configuration', async () => {
    at.write(
      `${at.home}/.gitconfig`,
      '[user]\n\tname = Ann\n\temail = ann@example.com\n[url "https://t0ken@x/"]\n\tinsteadOf = x\n',
    )
    const { stdout } = await sh(
      'git config user.name; git config --list | grep -c t0ken; cat ~/.gitconfig 2>/dev/null',
    )
    expect(stdout).toBe('Ann\n0\n')
  })

  it('writes only inert placeholders, and those in .git', async () => {
    rmSync(`${project}/.git/hooks`, { recursive: true, force: true })
    await boxed('true')
    expect(readdirSync(`${project}/.git/hooks`)).toEqual([])
    expect(readFileSync(`${project}/.git/info/attributes`, 'utf8')).toBe('')
    expect(readdirSync(project).toSorted()).toEqual(['.env', '.git', 'a.txt'])
  })

  it('works in a directory whose name is no text', async () => {
    const odd = `${at.home}/work/new\nline \uDCFF é`
    at.write(`${odd}/.env`, 'S=1\n')
    at.write(`${odd}/seen`, 'seen\n')
    const script = `cd "$2" && cd new* && exec "$0" "$1" run -- sh -c 'cat .env seen'`
    const done = await at.bare(['sh', '-c', script, at.node, at.agentbox, `${at.home}/work`])
    expect(done).toMatchObject({ stdout: 'seen\n', stderr: '', status: 0 })
  })

  it('says so when more is granted than bwrap can mount', async () => {
    const paths = Array.from({ length: 3000 }, (_, n) => `${at.home}/work/many/${n}`)
    for (const path of paths) at.write(path, '')
    const config = `${at.home}/.config/agentbox/config.yaml`
    at.write(config, JSON.stringify({ version: 1, filesystem: { read: paths } }))
    const done = await sh('true')
    rmSync(config)
    expect(done).toMatchObject({ status: 125, stdout: '' })
    expect(done.stderr).toMatch(/30\d\d mounts, more than bwrap takes/)
  })

  it('warns when git would take the project itself for a repository afterwards', async () => {
    const fresh = `${at.home}/work/turned`
    await at.must(['git', 'init', '-q', fresh])
    const script = 'rm .git/HEAD; mkdir objects refs; echo ref: refs/heads/x > HEAD; touch config'
    const { stderr } = await sh(script, [], { cwd: fresh })
    expect(stderr).toContain('do not run git in')
  })

  it('gives an agent its log-in and takes it back refreshed', async () => {
    at.write(
      `${at.home}/.local/bin/claude`,
      '#!/bin/sh\ncat ~/.claude/.credentials.json; echo \'{"accessToken":"new"}\' > ~/.claude/.credentials.json; echo $ANTHROPIC_API_KEY$OPENAI_API_KEY; touch ~/.claude/settings.json 2>/dev/null || echo settings are read-only\n',
      0o755,
    )
    at.write(`${at.home}/.claude/.credentials.json`, '{"accessToken":"old"}\n', 0o600)
    at.write(`${at.home}/.claude/settings.json`, '{}\n')
    const done = await run(['run', '--', 'claude'], {
      env: { PATH: `${at.home}/.local/bin:${at.env['PATH']}`, ANTHROPIC_API_KEY: 'ak', OPENAI_API_KEY: 'ok' },
    })
    expect(done.stdout).toBe('{"accessToken":"old"}\nak\nsettings are read-only\n')
    expect(readFileSync(`${at.home}/.claude/.credentials.json`, 'utf8')).toBe('{"accessToken":"new"}\n')
  })

  it('has its log-in equal on both sides while it runs', async () => {
    const file = `${at.home}/.claude/.credentials.json`
    const wait = 'for i in $(seq 600); do grep third "$f" && exit 0; sleep 0.1; done; exit 1'
    const script = `f=~/.claude/.credentials.json; echo '{"accessToken":"second"}' > $f; ${wait}`
    at.write(`${at.home}/.local/bin/claude`, `#!/bin/sh\n${script}\n`, 0o755)
    at.write(file, '{"accessToken":"first"}\n', 0o600)
    const running = run(['run', '--', 'claude'], { env: { PATH: `${at.home}/.local/bin:${at.env['PATH']}` } })
    await vi.waitFor(() => expect(readFileSync(file, 'utf8')).toContain('second'), { timeout: 60_000 })
    at.write(file, '{"accessToken":"third"}\n', 0o600)
    expect(await running).toMatchObject({ stdout: '{"accessToken":"third"}\n', status: 0 })
  })

  it('gives no other command what an agent has logged in with', async () => {
    at.write(`${at.home}/bin/claude`, '#!/bin/sh\ncat ~/.claude/.credentials.json\n', 0o755)
    at.write(`${at.home}/.claude/.credentials.json`, '{"t":"mine"}\n', 0o600)
    const env = { PATH: `${at.home}/bin:${at.env['PATH']}` }
    expect((await run(['run', '--', 'claude'], { env })).stdout).toBe('{"t":"mine"}\n')
    const other = await run(['run', '--', 'sh', '-c', 'cat ~/.claude/.credentials.json; echo .'], { env })
    expect(other.stdout).toBe('.\n')
    expect((await run(['run', '--', 'claude'], { env })).stdout).toBe('{"t":"mine"}\n')
  })

  it('gives a program that the repository brings no log-in, whatever its name', async () => {
    at.write(
      `${project}/claude`,
      '#!/bin/sh\nls ~/.claude/.credentials.json; echo $ANTHROPIC_API_KEY\n',
      0o755,
    )
    at.write(`${at.home}/.claude/.credentials.json`, '{"t":"old"}\n', 0o600)
    const other = `${at.home}/work/fresh`
    at.write(
      `${other}/claude`,
      '#!/bin/sh\nls ~/.claude/.credentials.json 2>/dev/null; echo [$ANTHROPIC_API_KEY]\n',
      0o755,
    )
    const done = await run(['run', '--', './claude'], { cwd: other, env: { ANTHROPIC_API_KEY: 'ak' } })
    rmSync(`${project}/claude`)
    expect(done.stdout).toBe('[]\n')
    expect(done.stderr).toContain('belongs to the project')
  })
})

describe('a system without user namespaces', () => {
  let at: TestHome
  beforeAll(() => void (at = makeHome('root')))
  afterAll(() => at.remove())

  it('is told from others, with the switch to turn', async () => {
    at.write(`${at.home}/project/.agentboxrc`, 'version: 1\n')
    // In a user namespace of its own the switch is its own, too.
    const script = 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$0" "$1" run -- true'
    const argv = ['unshare', '-Ur', 'sh', '-c', script, at.node, at.agentbox]
    const done = await at.bare(argv, { cwd: `${at.home}/project` })
    expect(done.status).toBe(125)
    expect(done.stderr).toContain('sysctl')
  })
})
