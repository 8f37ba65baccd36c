import { readFileSync, realpathSync } from 'node:fs'
import { spawn } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readHostFacts } from '../../../src/host/facts.ts'
import type { LaunchPlan } from '../../../src/plan/ops.ts'
import { checksFor, judgeAnswers, questionsText, type Checked } from '../../../src/verify/index.ts'
import { readHost } from '../../../src/verify/readings.ts'
import type { BoxCheck } from '../../../src/verify/types.ts'
import { makeHome, type TestHome } from '../../support/home.ts'
import { killIfThere, processesWith } from '../../support/processes.ts'
import { eventually } from '../../support/spawn.ts'
import { as, type Who } from '../../support/who.ts'
import { policyWith } from '../../unit/policy/policies.ts'

const PROBE = 'exec /run/agentbox/init probe'

/** Options that build the box without protecting anything. */
const HARMLESS = /^ {2}(?:--symlink|--perms \d+ --dir|--chdir|--proc) /

describe.each(['user', 'root'] as const)('agentbox verify, as %s', (who: Who) => {
  let at: TestHome
  let project: string
  const verify = async (
    ...options: string[]
  ): Promise<{ status: number | null; checks: Checked[]; stderr: string }> => {
    const { status, stdout, stderr } = await at.launch(['verify', '--json', ...options], { cwd: project })
      .ended
    const checks = stdout === '' ? [] : (JSON.parse(stdout) as { checks: Checked[] }).checks
    return { status, checks, stderr }
  }

  beforeAll(async () => {
    at = makeHome(who)
    project = `${at.home}/work/shop`
    const policy = readFileSync('.agentboxrc', 'utf8')
    at.write(`${project}/.agentboxrc`, policy)
    for (const dir of ['src', 'native', 'shell', 'docs']) at.write(`${project}/${dir}/a`, 'a\n')
    at.write(`${project}/.env`, 'TOKEN=1\n')
    at.write(`${project}/sub/.npmrc`, '//registry/:_authToken=1\n')
    at.write(`${project}/.vscode/settings.json`, '{}\n')
    at.write(`${at.home}/.ssh/id_ed25519`, 'key\n', 0o600)
    await at.must(['git', 'init', '-q', project])
  })
  afterAll(() => at.remove())

  it("passes for this project's own policy", async () => {
    const { status, checks, stderr } = await verify()
    expect(checks.filter(({ state }) => state === 'failed')).toEqual([])
    expect([status, stderr]).toEqual([0, ''])
    expect(checks.filter(({ state }) => state === 'contained').length).toBeGreaterThan(90)
    expect(
      checks.filter(({ topic, state }) => topic === 'policy' && state === 'contained').length,
    ).toBeGreaterThan(4)
    expect(checks.find(({ id }) => id === 'end:killed')).toMatchObject({ state: 'contained' })
  })

  it('fails where an assertion of the policy does not hold, with 1', async () => {
    const other = `${at.home}/work/other`
    at.write(
      `${other}/.agentboxrc`,
      'version: 1\nverify: {unreadable: [open.txt], envPresent: [NOT_THERE]}\n',
    )
    at.write(`${other}/open.txt`, 'open\n')
    const done = await at.launch(['verify', '--junit', `${other}/out.xml`], { cwd: other }).ended
    expect(done.status).toBe(1)
    expect(done.stdout).toContain('open.txt is not readable')
    expect(readFileSync(`${other}/out.xml`, 'utf8')).toMatch(/failures="2"/)
  })

  describe('without one of the protections', () => {
    let script: string
    let checks: BoxCheck[]
    const answers = async (text: string): Promise<Checked[]> => {
      const file = `${at.home}/box.sh`
      at.write(file, text)
      const printed = await new Promise<string>((resolve) => {
        const [command, ...args] = as(who, ['bash', file])
        const box = spawn(command, args, { cwd: project, env: at.env, stdio: ['pipe', 'pipe', 'ignore'] })
        let out = ''
        box.stdout.on('data', (chunk: Buffer) => void (out += chunk.toString('utf8')))
        box.stdin.on('error', () => {}).end(questionsText(checks))
        box.once('close', () => resolve(out))
      })
      // No answer at all: the box did not start, so no agent would have.
      return printed === '' ? [] : judgeAnswers(checks, printed)
    }
    const failures = async (text: string): Promise<string[] | 'not started'> => {
      const all = await answers(text)
      return all.length === 0
        ? 'not started'
        : all.filter(({ state }) => state === 'failed').map(({ id }) => id)
    }

    beforeAll(async () => {
      const asked = { cwd: project }
      const printed = await at.launch(['plan', '--', 'sh', '-c', PROBE], asked).ended
      const json = await at.launch(['plan', '--format', 'json', '--', 'sh', '-c', PROBE], asked).ended
      const helper = realpathSync(`${at.base}/app/dist/agentbox-helper`)
      // The script has no need of agentbox; the probe has.
      script = printed.stdout.replace(
        /^ {2}--remount-ro \/$/m,
        `  --ro-bind ${helper} /run/agentbox/init\n  --remount-ro /`,
      )
      const plan = JSON.parse(json.stdout) as LaunchPlan
      const facts = readHostFacts(at.env)
      const host = readHost(plan, at.home, {})
      // bwrap itself is pid 1 of the script's box.
      const own = ['namespaces:init', 'mounts:/run/agentbox/init']
      checks = checksFor({ plan, policy: policyWith({}), facts, host }).filter(({ id }) => !own.includes(id))
    })

    it('the printed script as it is passes', async () => expect(await failures(script)).toEqual([]))

    it('each option of the plan that is left out is missed', async () => {
      const lines = script.split('\n').filter((line) => /^ {2}--/.test(line) && !HARMLESS.test(line))
      const options = lines.filter(
        (line) => !line.includes('--unshare-all') && !line.endsWith('/run/agentbox/init'),
      )
      expect(options.length).toBeGreaterThan(40)
      const unnoticed: string[] = []
      for (const line of options) {
        const found = await failures(script.replace(`${line}\n`, ''))
        if (found.length === 0) unnoticed.push(line)
      }
      // Of these some are closed by bwrap or by the kernel, too: what is seen is the same.
      const twice = /^  (?:--ro-bind|--perms).* \/proc\/(?!sys$)/
      expect(unnoticed.filter((line) => !twice.test(line))).toEqual([])
    })

    it('each read-only mount that is writable is noticed', async () => {
      const lines = script.split('\n').filter((line) => line.startsWith(`  --ro-bind ${project}`))
      expect(lines.length).toBeGreaterThan(4)
      for (const line of lines) {
        const found = await failures(script.replace(line, line.replace('--ro-bind', '--bind')))
        expect([line, found]).toEqual([line, [expect.any(String)]])
      }
    })

    const spelled = (missing: string): string =>
      ['user', 'pid', 'net', 'ipc', 'uts', 'cgroup']
        .filter((name) => name !== missing)
        .map((name) => `--unshare-${name}`)
        .join(' ')
    const flags: [string, (text: string) => string, Who?][] = [
      ...['pid', 'ipc', 'uts', 'cgroup'].map((name): [string, (text: string) => string] => [
        `--unshare-${name}`,
        (text) => text.replace('--unshare-all', spelled(name)),
      ]),
      // bwrap makes an inner user namespace for an ordinary user anyway, and the filter keeps it closed.
      ['--disable-userns', (text) => text.replace(' --disable-userns', ''), 'root'],
      [
        '--disable-userns with the filter',
        (text) => text.replace(' --disable-userns', '').replace('  --seccomp 9\n', ''),
      ],
      [
        '--unshare-user',
        (text) => text.replace('--unshare-all --unshare-user --disable-userns', spelled('user')),
        'root',
      ],
      ['--cap-drop ALL', (text) => text.replace(' --cap-drop ALL', ''), 'root'],
      ['--seccomp', (text) => text.replace('  --seccomp 9\n', '')],
      [
        'the closed descriptors',
        (text) => text.replace(/^for fd in .*$/m, '').replace('\nenv -i', '\nexec 47</dev/null\nenv -i'),
      ],
    ]
    it.each(flags.filter(([, , only]) => only === undefined || only === who))(
      '%s is missed',
      async (_, change) => {
        expect(change(script)).not.toBe(script)
        expect(await failures(change(script))).not.toEqual([])
      },
    )

    it.each([
      ['with', true],
      ['without', false],
    ])('%s --die-with-parent a killed parent takes the box along: %s', async (_, whole) => {
      const mark = `mark-${who}-${whole}-${Date.now()}`
      const text = whole ? script : script.replace(' --die-with-parent', '')
      at.write(`${at.home}/end.sh`, text)
      const [command, ...args] = as(who, [
        'bash',
        `${at.home}/end.sh`,
        'sh',
        '-c',
        'echo up; sleep 60; :',
        mark,
      ])
      const box = spawn(command, args, { cwd: project, env: at.env, stdio: ['ignore', 'pipe', 'ignore'] })
      await new Promise((resolve) => box.stdout.once('data', resolve))
      const inside = (): string[] => processesWith(mark)
      box.kill('SIGKILL')
      expect(await eventually(() => inside().length === 0, whole ? 30_000 : 1000)).toBe(whole)
      for (const pid of inside()) killIfThere(Number(pid))
    })
  })
})
