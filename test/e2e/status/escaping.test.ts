import { appendFileSync, existsSync, readdirSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeHome, type TestHome } from '../../support/home.ts'
import { eventually, type Ended } from '../../support/spawn.ts'

/** Clears the screen, sets the title, turns text around, begins a line of its own, C1, no UTF-8. */
const EVIL = '\u001b[2J\u001b]0;x\u0007\u202e\nagentbox: all is well\r\u009b1m\u200b'
/** The same in bytes that are no text. */
const BYTES = `${EVIL}\udcff`
/** What may stand in a name of git's and of a variable in the policy. */
const MILD = '\u202e\u009b2J\u200b'

// In pieces, so that no scanner of this repository finds it.
const CREDENTIAL = ['ghp', 'aB3dE5fG7hJ9kL1mN0pQ2rS4tU6vW8xY0zAb'].join('_')

/**
 * Everything that a repository or an agent can put a name to has it as a name of that kind: no command lets it reach
 * a terminal but as text, and what is JSON stays JSON.
 */
describe('hostile text from a repository and an agent', () => {
  let at: TestHome
  let project: string
  let summary: Ended
  const agentbox = (...args: string[]): Promise<Ended> =>
    at.launch(args, { cwd: project, limit: 90_000 }).ended
  const git = (...args: string[]): Promise<string> =>
    at.must(['git', '-c', 'user.name=A', '-c', 'user.email=a@b', ...args], { cwd: project })

  const AGENT = `
    d="$1"
    mkdir -p "$d/new"; echo '{}' > "$d/new/.mcp.json"; echo T=1 > "$d/new/.env.$2"; echo x: > "$d/new/Makefile"
    node -e '
      const { connect } = require("net"), url = new URL(process.env.HTTPS_PROXY)
      const socket = connect(url.port, url.hostname)
      socket.write(Buffer.from("CONNECT evil" + process.argv[1] + ".example:443 HTTP/1.1\\r\\n\\r\\n"))
      socket.on("error", () => {}).on("data", () => {}).on("close", () => {
        const again = connect(url.port, url.hostname)
        again.write("CONNECT evil.example:443 HTTP/1.1\\r\\n\\r\\n")
        again.on("error", () => {}).on("data", () => {}).on("close", () => {})
      })
      setTimeout(() => process.exit(), 3000).unref()
    ' "$2"
    while [ -e "$d/new/.mcp.json" ]; do sleep 0.05; done
    echo done > over
    sleep 300`

  beforeAll(async () => {
    at = makeHome('user')
    project = `${at.home}/work/sh${EVIL}op`
    const dir = `${project}/di${EVIL}r`
    at.write(`${project}/${BYTES}/.env`, 'TOKEN=1\n')
    at.write(`${project}/.agentboxrc`, `version: 1 # \u202e\nenv: {pass: [CI]}\n`)
    at.write(`${dir}/.env.${EVIL}`, 'TOKEN=1\n')
    at.write(`${dir}/key.${EVIL}.txt`, `token = "${CREDENTIAL}"\n`)
    at.write(`${dir}/.vscode/${EVIL}`, '{}\n')
    at.write(`${project}/package.json`, JSON.stringify({ name: EVIL, scripts: { [EVIL]: EVIL } }))
    await git('init', '-q', '-b', `main${MILD}`)
    await git('add', '-A')
    await git('commit', '-qm', EVIL)
    await git('branch', `side${MILD}`)
    const box = at.launch(['run', '--without-grants', '--', 'sh', '-c', AGENT, EVIL, dir, EVIL], {
      cwd: project,
      limit: 120_000,
    })
    expect(await eventually(() => existsSync(`${project}/over`), 60_000)).toBe(true)
    const logs = `${at.home}/.local/state/agentbox/log`
    const told = (): boolean => {
      const text = readdirSync(logs).map((name) => readFileSync(`${logs}/${name}`, 'utf8'))
      return ['"edited"', '"quarantined"', 'evil.example'].every((what) => text.join('').includes(what))
    }
    expect(await eventually(told, 60_000)).toBe(true)
    process.kill(box.pid, 'SIGTERM')
    summary = await box.ended
    // A line of another version, and one that is no line: somebody else's file system made them.
    for (const name of readdirSync(logs))
      appendFileSync(`${logs}/${name}`, `${JSON.stringify({ at: 1, kind: EVIL, path: EVIL })}\n\u001b[2J{"\n`)
  })
  afterAll(() => at.remove())

  const textOf = (printed: string): string => Buffer.from(printed, 'latin1').toString('utf8')

  function expectPlain(printed: string): void {
    expect(textOf(printed)).not.toMatch(
      // oxlint-disable-next-line no-control-regex
      /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\ufffd]|^agentbox: all is well|internal error|^ {4}at /m,
    )
  }

  it('in the closing summary', () => {
    const { stdout, stderr } = summary
    expectPlain(stdout + stderr)
    expect(textOf(stderr)).toMatch(/1 file quarantined \(di\\x1b\[2J/)
    expect(textOf(stderr)).toMatch(/file changed that you run by hand/)
  })

  it.each<[string, RegExp]>([
    ['log', /quarantined +di\\x1b\[2J/],
    ['log --network', /refused +evil\.example:443/],
    ['status', /sh\\x1b\[2J/],
    ['masks', /di\\x1b\[2J/],
    ['quarantine list', /\\x1b\[2J/],
    ['quarantine show .mcp.json', /\\x1b\[2J/],
    ['scan', /di\\x1b\[2J/],
    ['scan --history', /\\x1b\[2J/],
    ['doctor', /./],
    ['diff', /./],
    ['diff main\u202e\u009b2J\u200b..side\u202e\u009b2J\u200b --markdown', /./],
    ['hooks status', /./],
    ['hooks install', /./],
    ['init --print', /./],
    ['allow --show', /sh\\x1b\[2J|CI/],
    ['allow', /./],
    ['allow --yes', /./],
    ['deny', /./],
    ['plan --without-grants', /./],
    ['shims list', /./],
    ['verify --all --without-grants', /./],
    ['explain EVIL', /\\x1b\[2J/],
    ['explain --as host EVIL', /./],
    ['nothing EVIL', /./],
    ['run --EVIL', /\\x1b/],
    ['run -- EVIL', /\\x1b/],
    ['log EVIL', /./],
    ['quarantine show EVIL', /./],
    ['secret edit EVIL', /./],
    ['scan EVIL', /./],
    ['doctor EVIL', /\\x1b/],
    ['completion EVIL', /./],
    ['activate EVIL', /./],
  ])('agentbox %s', async (line, says) => {
    const args = line.split(' ').map((word) => word.replace('EVIL', `x${EVIL}`))
    const { stdout, stderr } = await agentbox(...args)
    expectPlain(stdout + stderr)
    expect(textOf(stdout + stderr)).toMatch(says)
  })

  it.each([
    ...[
      'status',
      'masks',
      'quarantine list',
      'scan',
      'doctor',
      'diff',
      'hooks status',
      'allow --show',
      'shims list',
    ],
    ...['explain EVIL', 'plan --format json --without-grants', 'scan --history', 'log', 'log --network'],
    'quarantine show .mcp.json',
  ])('agentbox %s --json', async (line) => {
    const args = line.split(' ').map((word) => word.replace('EVIL', `x${EVIL}`))
    const { stdout, stderr } = await agentbox(...args, ...(line.includes('json ') ? [] : ['--json']))
    expectPlain(stdout + stderr)
    const texts = line.startsWith('log') ? stdout.trim().split('\n') : [stdout]
    for (const text of texts.filter(Boolean)) expect(JSON.parse(textOf(text))).toBeTypeOf('object')
  })

  it.each([['log', '-f'], ['log', '-f', '--json'], ['watch'], ['watch', '--json']])(
    'agentbox %s %s',
    async (...args) => {
      const following = at.launch(args, { cwd: project, limit: 60_000 })
      await following.says(args[0] === 'log' ? 'quarantined' : 'mask')
      if (args[0] === 'watch') {
        at.write(`${project}/later${EVIL}/.env.${args.length}`, 'T=1\n')
        await following.says('later')
      }
      process.kill(following.pid, 'SIGTERM')
      const { stdout, stderr } = await following.ended
      expectPlain(stdout + stderr)
    },
  )

  it("git's hooks", async () => {
    at.write(`${project}/a${EVIL}/.env.${EVIL}`, 'T=2\n')
    await git('add', '-A')
    const commit = await at.bare(['git', '-c', 'user.name=A', '-c', 'user.email=a@b', 'commit', '-qm', 'x'], {
      cwd: project,
    })
    const text = textOf(commit.stderr)
    expect(commit.status).toBe(1)
    expectPlain(text)
    expect(text).toMatch(/\\x1b\[2J/)
    const side = await at.bare(['git', 'checkout', '-q', `side${MILD}`], { cwd: project })
    expectPlain(side.stdout + side.stderr)
  })
})
