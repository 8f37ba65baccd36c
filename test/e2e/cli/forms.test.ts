import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeHome, type Options, type TestHome } from '../../support/home.ts'
import type { Ended } from '../../support/spawn.ts'
import type { Who } from '../../support/who.ts'

describe.each(['user', 'root'] as const)('what can be printed and installed, as %s', (who: Who) => {
  let at: TestHome
  let project: string
  const run = (args: string[], options: Options = {}): Promise<Ended> =>
    at.launch(args, { cwd: project, ...options }).ended

  beforeAll(async () => {
    at = makeHome(who)
    project = `${at.home}/work/project`
    at.write(`${project}/.env`, 'TOKEN=s3cret\n')
    at.write(`${project}/keep.env`, 'A=1\n')
    at.write(`${project}/.agentboxrc`, 'version: 1\nmasks:\n  patterns: ["*.tfvars"]\n')
    at.write(`${project}/sub dir/x.tfvars`, 'secret\n')
    await at.must(['git', 'init', '-q', project])
    await at.must(['git', '-C', project, 'add', '.env'])
  })
  afterAll(() => at.remove())

  describe('masks', () => {
    it('names each file, its look and its rule with file and line', async () => {
      const { stdout, stderr, status } = await run(['masks'])
      expect(status).toBe(0)
      expect(stdout).toMatch(/^\.env +reads as empty +\.env\S* \(built in\)$/m)
      expect(stdout).toMatch(/^sub dir\/x\.tfvars +reads as empty +\*\.tfvars \(.*\.agentboxrc:3\)$/m)
      expect(stderr).toContain('.env is tracked by git')
    })

    it('is data with --json', async () => {
      const { stdout } = await run(['masks', '--json'])
      const { version, masks } = JSON.parse(stdout) as {
        version: number
        masks: { path: string; tracked: boolean }[]
      }
      expect(version).toBe(1)
      expect(masks.find(({ path }) => path === `${project}/.env`)).toMatchObject({
        tracked: true,
        entry: 'file',
      })
    })

    it('changes nothing on disk', async () => {
      const before = readdirSync(at.home)
      await run(['masks'])
      expect(readdirSync(at.home)).toEqual(before)
    })
  })

  describe('what is printed', () => {
    it.each([['plan'], ['schema'], ['verify', '--all', '--json']])(
      '%s … | head ends in silence',
      async (...args) => {
        const script = '{ "$@"; echo $? > "$HOME/status"; } | sleep 0'
        const done = await at.bare(['bash', '-c', script, '-', at.node, at.agentbox, ...args], {
          cwd: project,
        })
        expect(done).toMatchObject({ stdout: '', status: 0 })
        expect(done.stderr).not.toContain('EPIPE')
        expect(readFileSync(`${at.home}/status`, 'utf8')).toBe('141\n')
      },
    )

    it('a full disk is said', async () => {
      const script = '"$@" > /dev/full'
      const done = await at.bare(['bash', '-c', script, '-', at.node, at.agentbox, 'schema'], {
        cwd: project,
      })
      expect(done.status).toBe(125)
      expect(done.stderr).toMatch(/^agentbox: cannot write standard output: no space left on device\n$/)
    })
  })

  it('scripts beside an agent settings are there to be run, and nothing else of its directory', async () => {
    at.write(`${at.home}/.claude/status.sh`, 'echo mine\n')
    at.write(`${at.home}/.claude/notes.txt`, 'private\n')
    const script = 'sh ~/.claude/status.sh; ls ~/.claude; echo x >> ~/.claude/status.sh || echo refused'
    at.write(`${at.home}/bin/claude`, `#!/bin/sh\n${script}\n`, 0o755)
    const { stdout } = await run(['run', 'claude'], { env: { PATH: `${at.home}/bin:/usr/bin:/bin` } })
    expect(stdout).toBe('mine\nstatus.sh\nrefused\n')
    for (const name of ['.claude', 'bin']) rmSync(`${at.home}/${name}`, { recursive: true })
  })

  describe('plan', () => {
    it("names a file of the user's that the box gets changed, and does not tell it", async () => {
      const models = `${at.home}/.pi/agent/models.json`
      const providers = { mine: { baseUrl: 'https://m.example', apiKey: 'sk-n0t-t0ld' } }
      at.write(models, JSON.stringify({ providers }))
      at.write(
        `${at.home}/.config/agentbox/config.yaml`,
        'version: 1\nnetwork: {allow: [m.example]}\ncredentials:\n  - {host: api.openai.com, header: authorization, from: "env:KEY"}\n',
      )
      at.write(`${at.home}/bin/pi`, '#!/bin/sh\ncat ~/.pi/agent/models.json\n', 0o755)
      const env = { PATH: `${at.home}/bin:/usr/bin:/bin` }
      const inside = JSON.parse((await run(['run', 'pi'], { env })).stdout) as { providers: object }
      expect(inside.providers).toEqual({ openai: { baseUrl: 'http://127.0.0.1:61129/v1' }, ...providers })
      for (const format of ['script', 'argv', 'json']) {
        const { stdout } = await run(['plan', '--format', format, '--', 'pi'], { env })
        expect(stdout).toContain(models)
        expect(stdout).not.toContain('sk-n0t-t0ld')
        expect(stdout).not.toContain(Buffer.from('sk-n0t-t0ld').toString('base64').slice(2, 12))
      }
      for (const path of [models, `${at.home}/.config/agentbox/config.yaml`, `${at.home}/bin`])
        rmSync(path, { recursive: true })
    })

    it('is a script that gives the same box without agentbox', async () => {
      const { stdout: script } = await run(['plan', '--', 'sh', '-c', 'cat .env; echo done'])
      at.write(`${at.home}/box.sh`, script)
      const done = await at.bare(['bash', `${at.home}/box.sh`], {
        cwd: project,
        env: { PATH: '/usr/bin:/bin' },
      })
      expect(done).toMatchObject({ stdout: 'done\n', status: 0 })
      const other = await at.bare(['bash', `${at.home}/box.sh`, 'cat', 'sub dir/x.tfvars'], { cwd: project })
      expect(other).toMatchObject({ stdout: '', status: 0 })
      expect(await at.bare(['bash', `${at.home}/box.sh`, 'sh', '-c', 'exit 7'])).toMatchObject({ status: 7 })
    })

    it.each(['script', 'json', 'argv'])(
      "does not print the user's keys as %s, and the script passes them",
      async (format) => {
        at.write(`${at.home}/.local/bin/claude`, '#!/bin/sh\necho "key: $ANTHROPIC_API_KEY"\n', 0o755)
        const env = { ANTHROPIC_API_KEY: "sk-'s3cret $x", PATH: `${at.home}/.local/bin:${at.env['PATH']}` }
        const { stdout, status } = await run(['plan', '--format', format, '--', 'claude'], { env })
        expect(status).toBe(0)
        expect(stdout).not.toContain('s3cret')
        if (format !== 'script') return
        at.write(`${at.home}/key.sh`, stdout)
        expect((await at.bare(['bash', `${at.home}/key.sh`], { cwd: project, env })).stdout).toBe(
          "key: sk-'s3cret $x\n",
        )
      },
    )

    it('explains every mount in the script', async () => {
      const { stdout } = await run(['plan'])
      const lines = stdout.split('\n')
      const first = lines.indexOf('options=(') + 2
      const mounts = lines.slice(
        first,
        lines.findIndex((line) => line.startsWith('  --chdir')),
      )
      mounts.forEach((line, index) => expect(line).toMatch(index % 2 === 0 ? /^ {2}# ./ : /^ {2}--/))
    })

    it('is bwrap arguments', async () => {
      const { stdout } = await run(['plan', '--format', 'argv', '--', 'true'])
      for (const flag of [
        '--unshare-all',
        '--disable-userns',
        '--cap-drop ALL',
        '--die-with-parent',
        '--remount-ro /',
      ]) {
        expect(stdout).toContain(flag)
      }
    })

    it('is data, every step with its reason', async () => {
      const { stdout } = await run(['plan', '--format', 'json', '--', 'true'])
      const plan = JSON.parse(stdout) as { version: number; ops: { why: string; options: string[] }[] }
      expect(plan.version).toBe(1)
      for (const op of plan.ops) {
        expect(op.why).not.toBe('')
        expect(op.options.length).toBeGreaterThan(1)
      }
    })
  })

  it('schema is a JSON Schema without unknown keys', async () => {
    const schema = JSON.parse((await run(['schema'])).stdout) as Record<string, unknown>
    expect(schema).toMatchObject({ type: 'object', additionalProperties: false })
    expect(schema['properties']).toHaveProperty('masks')
    expect(JSON.parse((await run(['schema', '--user'])).stdout)).toHaveProperty('properties.ceiling')
  })

  it.each(['run', 'masks', 'plan', 'schema', 'shims'])('%s --help has an example', async (command) => {
    const [long, help] = [await run([command, '--help']), await run(['help', command])]
    expect(long).toMatchObject({ status: 0, stderr: '', stdout: help.stdout })
    expect(long.stdout).toContain(`\nExamples\n  agentbox ${command}`)
    for (const line of long.stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
  })

  it('says its version, and all commands', async () => {
    const version = (JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }).version
    expect((await run(['--version'])).stdout).toBe(`agentbox ${version}\n`)
    expect((await run([])).stdout).toContain('Commands')
  })

  describe('shims', () => {
    const shims = (): string => `${at.home}/.local/share/agentbox/shims`
    const through = (cwd: string, args: string[] = []): Promise<Ended> =>
      at.bare(['claude', ...args], {
        cwd,
        env: { PATH: `${shims()}:${at.home}/.local/bin:${at.env['PATH']}` },
      })

    beforeAll(async () => {
      const script =
        '#!/bin/sh\nprintf "%s|" "$@"; cat .env 2>/dev/null; ls /run/agentbox >/dev/null 2>&1 && echo boxed\n'
      at.write(`${at.home}/.local/bin/claude`, script, 0o755)
      at.write(`${at.home}/plain/.env`, 'PLAIN=1\n')
      at.write(`${at.home}/always/repo/f`, '')
      await at.must(['git', 'init', '-q', `${at.home}/always/repo`])
      expect((await run(['shims', 'install'])).status).toBe(0)
    })

    it('box an agent in a project with a policy, also from below and through a link', async () => {
      mkdirSync(`${project}/deep/er`, { recursive: true })
      symlinkSync(`${project}/deep`, `${at.home}/link`)
      expect((await through(project, ['a b', '--help', ''])).stdout).toBe('a b|--help||boxed\n')
      expect((await through(`${project}/deep/er`)).stdout).toBe('|boxed\n')
      expect((await through(`${at.home}/link/er`)).stdout).toBe('|boxed\n')
    })

    it('start the program itself elsewhere', async () => {
      expect((await through(`${at.home}/plain`)).stdout).toBe('|PLAIN=1\n')
    })

    it('box repositories under the always directories once agentbox has read the configuration', async () => {
      at.write(`${at.home}/.config/agentbox/config.yaml`, 'version: 1\nalways: [~/always]\n', 0o600)
      await run(['run', '--', 'true'])
      expect((await through(`${at.home}/always/repo`)).stdout).toBe('|boxed\n')
      expect((await through(`${at.home}/always`)).stdout).toBe('|')
    })

    it('are listed, and removed without what is not theirs', async () => {
      writeFileSync(`${shims()}/mine`, 'x')
      const { stdout } = await run(['shims', 'list', '--json'])
      expect((JSON.parse(stdout) as { shims: string[] }).shims).toEqual([
        'claude',
        'codex',
        'copilot',
        'gemini',
        'opencode',
        'pi',
        'qwen',
      ])
      expect((await run(['shims', 'remove'])).status).toBe(0)
      expect(readdirSync(shims())).toEqual(['mine'])
      rmSync(`${shims()}/mine`)
      await run(['shims', 'remove'])
      expect(existsSync(shims().replace(/\/shims$/, ''))).toBe(false)
    })
  })
})
