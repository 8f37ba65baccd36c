import { cpSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { createServer as createHttp } from 'node:http'
import { createConnection, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { buildSync } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { PolicyFlags } from '../../../src/config/flags.ts'
import { makeHome, type TestHome } from '../../support/home.ts'
import { freePort } from '../../support/ports.ts'
import { eventually, type Ended } from '../../support/spawn.ts'
import { startServers, type Servers } from './servers.ts'
import { socksServer } from './socks-server.ts'

const checkout = join(import.meta.dirname, '../../..')
const REQUIRE =
  "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url); const __dirname = import.meta.dirname;"
/** A leak shows after a few; `SESSIONS=200` for more. */
const SESSIONS = Number(process.env['SESSIONS'] ?? 8)
const KEY = 'sk-real-0123456789'
/** The server's certificate is not for this one. */
const UNCERTIFIED = 'uncertified.example'
const AUTHORITIES = [
  ...['SSL_CERT_FILE', 'NODE_EXTRA_CA_CERTS', 'GIT_SSL_CAINFO', 'npm_config_cafile'],
  ...['REQUESTS_CA_BUNDLE', 'PIP_CERT'],
]

describe.each(['user', 'root'] as const)('tools in a box with listed hosts, as %s', (who) => {
  let at: TestHome
  let servers: Servers
  let project: string
  let count = 0

  beforeAll(async () => {
    at = makeHome(who)
    project = `${at.home}/work/project`
    at.dir(project)
    await at.must(['git', 'init', '-q', project])
    servers = await startServers(`${at.base}/servers`)
    at.write(`${at.home}/corp/ca.pem`, readFileSync(servers.ca))
    buildSync({
      absWorkingDir: checkout,
      entryPoints: ['driver', 'stand-in'].map((name) => `test/integration/network/${name}.ts`),
      outdir: `${at.base}/app/dist`,
      outExtension: { '.js': '.mjs' },
      bundle: true,
      platform: 'node',
      format: 'esm',
      banner: { js: REQUIRE },
      external: ['typescript'],
    })
    buildSync({
      absWorkingDir: checkout,
      entryPoints: ['test/integration/network/fetch.ts'],
      outfile: `${project}/fetch.mjs`,
      bundle: true,
      platform: 'node',
      format: 'esm',
      banner: { js: REQUIRE },
    })
  })
  afterAll(() => {
    servers.close()
    at.remove()
  })

  const boxed = (
    argv: readonly string[],
    flags: PolicyFlags = {},
    env = {},
    times?: { count: number; file: string },
  ): Promise<Ended> => {
    const { https, http, ssh, tcp } = servers.ports
    const places = {
      ...Object.fromEntries(
        ['registry.npmjs.org', 'pypi.org', 'git.example', 'api.anthropic.com', UNCERTIFIED].map((name) => [
          `${name}:443`,
          https,
        ]),
      ),
      'plain.example:80': http,
      'git.example:22': ssh,
      'plain.example:7000': tcp,
    }
    const spec = `${at.base}/${count++}.json`
    const allow = ['@npm', '@pypi', 'git.example', 'git.example:22', 'plain.example', 'plain.example:7000']
    writeFileSync(
      spec,
      JSON.stringify({
        helper: `${at.base}/app/dist/agentbox-helper`,
        flags: { allow, ...flags },
        places,
        times,
      }),
    )
    const ca = `${at.home}/corp/ca.pem`
    return at.bare([at.node, `${at.base}/app/dist/driver.mjs`, spec, ...argv], {
      cwd: project,
      env: {
        ...Object.fromEntries(AUTHORITIES.map((name) => [name, ca])),
        ...env,
      },
    })
  }
  const sh = (script: string, flags?: PolicyFlags, env?: object): Promise<Ended> =>
    boxed(['sh', '-c', script], flags, env)

  const everything = who === 'user'

  it.each<[string, string, string]>(
    [
      ['curl', 'curl -sS https://git.example/', 'hello from git.example'],
      ['curl, plain', 'curl -sS http://plain.example/', 'hello from plain.example'],
      ['curl, plain in a tunnel', 'curl -sSp http://plain.example/', 'hello from plain.example'],
      [
        'curl, SOCKS',
        'curl -sS --proxy socks5h://127.0.0.1:61128 https://git.example/',
        'hello from git.example',
      ],
      ['curl, many at once', 'curl -sSZ "https://git.example/[1-40]" | grep -c hello', '40'],
      ['git by https', 'git clone -q https://git.example/repo.git $HOME/a && cat $HOME/a/file.txt', 'cloned'],
      ['git by ssh', 'git clone -q ssh://git@git.example/repo.git $HOME/b && cat $HOME/b/file.txt', 'cloned'],
      [
        'Python',
        `python3 -c "import urllib.request as r; print(r.urlopen('https://pypi.org/simple/').read())"`,
        'href',
      ],
      [
        'Python requests',
        `/usr/bin/python3 -c "import requests as r; print(r.get('https://git.example/').text, r.get('http://plain.example/').text)"`,
        'hello from git.example\n hello from plain.example',
      ],
      [
        'pip',
        `/usr/bin/python3 -m pip -q install --disable-pip-version-check --no-cache-dir --target $HOME/w tiny-wheel && PYTHONPATH=$HOME/w python3 -c 'import tiny_wheel; print(tiny_wheel.word)'`,
        'from a wheel',
      ],
      [
        'Node fetch',
        'node fetch.mjs https://git.example/ http://plain.example/',
        'hello from git.example\nhello from plain.example',
      ],
      ['a server that is first', 'echo ping | /run/agentbox/init connect plain.example 7000', 'first\nping'],
    ].filter(([name]) => everything || name!.startsWith('git')) as [string, string, string][],
  )('%s', async (_name, script, wanted) => {
    const done = await sh(script)
    expect(`${done.stdout}${done.stderr}`).toContain(wanted)
    expect(done.status).toBe(0)
  })

  it('a connection that is cut in the middle, at either end, is an error there and nowhere else', async () => {
    const script = `for base in https://git.example http://plain.example; do
      curl -sS --max-time 20 -o /tmp/part $base/torn || echo cut off
      curl -sSN $base/slow | head -c 4; echo
      curl -sS $base/
    done`
    const done = await sh(script)
    const each = (host: string): string => `cut off\ndata\nhello from ${host}\n`
    expect(done.stdout).toBe(each('git.example') + each('plain.example'))
    expect(done.stderr).not.toContain('timed out')
  })

  it('npm install', async () => {
    if (!everything) return
    const npm = `${at.home}/.nvm/npm`
    cpSync(join(await npmDir(), '.'), npm, { recursive: true })
    const script = `cd $HOME && node ${npm}/bin/npm-cli.js install --no-audit --no-fund tiny-package && ls node_modules`
    const done = await sh(script)
    expect(`${done.stdout}${done.stderr}`).toContain('tiny-package')
  })

  it.each<[string, string, string]>([
    ['curl', 'curl -sS http://other.example/', 'agentbox allow-host other.example'],
    ['ssh', 'ssh git@other.example', 'agentbox allow-host other.example:22'],
    ['no name is resolved inside', 'getent hosts git.example || echo none', 'none'],
    ['no way but the proxy', 'curl -sS --noproxy "*" --max-time 2 http://93.184.216.34/', "Couldn't connect"],
    ['loopback of the host', 'curl -sS --max-time 2 http://127.0.0.1:$PORT/', "Couldn't connect"],
  ])('refused: %s', async (_name, script, wanted) => {
    const done = await sh(script.replace('$PORT', String(servers.ports.http)))
    expect(`${done.stdout}${done.stderr}`.toLowerCase()).toContain(wanted.toLowerCase())
  })

  it("the proxy of the user's own environment leads on, and is asked for nothing else", async () => {
    const asked: string[] = []
    const company = createHttp().on('connect', (request, client) => {
      asked.push(`${request.url} ${request.headers['proxy-authorization']}`)
      const far = createConnection(servers.ports.https, '127.0.0.1')
      client.write('HTTP/1.1 200 OK\r\n\r\n')
      client.pipe(far).pipe(client)
      for (const end of [client, far]) end.on('error', () => {})
    })
    await new Promise<void>((resolve) => company.listen(0, '127.0.0.1', resolve))
    const { port } = company.address() as AddressInfo
    const script = 'curl -sS https://git.example/; curl -sS https://other.example/; env | grep -c u:pw'
    const done = await sh(script, {}, { HTTPS_PROXY: `http://u:pw@127.0.0.1:${port}` })
    company.close()
    expect(done.stdout).toBe('hello from git.example\n0\n')
    expect(asked).toEqual([`git.example:443 Basic ${Buffer.from('u:pw').toString('base64')}`])
  })

  it('the same where it speaks SOCKS5, with a log-in and names', async () => {
    const company = socksServer({
      'git.example:443': servers.ports.https,
      'plain.example:80': servers.ports.http,
    })
    const port = await company.port
    const script = 'curl -sS https://git.example/ http://plain.example/; curl -sS https://other.example/'
    const done = await sh(script, {}, { ALL_PROXY: `socks5h://u:pw@127.0.0.1:${port}` })
    company.close()
    expect(done.stdout).toBe('hello from git.example\nhello from plain.example\n')
    expect(company.asked.toSorted()).toEqual(['git.example:443 u pw', 'plain.example:80 u pw'])
  })

  it('the box has the certificates that variables name, and nothing beside them', async () => {
    at.write(`${at.home}/corp/private.key`, 'secret')
    const done = await sh('cat "$SSL_CERT_FILE" | head -1; ls ~/corp; touch ~/corp/ca.pem || echo closed')
    expect(done.stdout).toContain('BEGIN CERTIFICATE')
    expect(done.stdout).toContain('closed')
    expect(done.stdout).not.toContain('private.key')
  })

  it('many sessions leave no descriptor, no process and no network behind', async () => {
    const file = `${at.base}/work-counts`
    at.write(file, '', 0o666)
    const before = networks()
    const done = await boxed(['curl', '-sS', 'https://git.example/'], {}, {}, { count: SESSIONS, file })
    expect(done.stdout.match(/hello/g)).toHaveLength(SESSIONS)
    const counts = readFileSync(file, 'utf8').trim().split('\n').map(Number)
    // One may be closing just now; a leak would be one for each session.
    expect(counts.at(-1)! - counts[1]!).toBeLessThan(4)
    // The kernel takes a network apart in its own time, and other tests have boxes of their own meanwhile.
    expect(await eventually(() => networks() <= before, 60_000)).toBe(true)
    expect(await at.root(['pgrep', '-f', at.base])).toMatchObject({ stdout: '' })
  }, 300_000)

  describe('what the user configures', () => {
    const config = (text: string): void =>
      at.write(`${at.home}/.config/agentbox/config.yaml`, `version: 1\n${text}`)
    afterAll(() => config(''))
    const ANTHROPIC =
      'network: {allow: [api.anthropic.com]}\ncredentials:\n  - {host: api.anthropic.com, header: x-api-key, from: "env:ANTHROPIC_API_KEY"}\n'

    it('ports: one of this machine, by its own number', async () => {
      config(`network: {ports: [${servers.ports.http}]}\n`)
      const done = await sh(`curl -sS http://127.0.0.1:${servers.ports.http}/`)
      expect(done.stdout).toContain('hello from 127.0.0.1')
    })

    it('expose: one of the box, for this machine', async () => {
      const port = await freePort()
      config(`network: {mode: none, expose: [${port}]}\n`)
      const serve = `require('node:net').createServer((s) => s.on('data', process.exit).write('from inside')).listen(${port}, '127.0.0.1')`
      const running = boxed(['node', '-e', `setTimeout(process.exit, 30000); ${serve}`])
      let text = ''
      const ask = (): boolean => {
        const socket = createConnection(port, '127.0.0.1')
        socket.on('data', (chunk: Buffer) => {
          text += chunk.toString()
          socket.write('enough')
        })
        socket.on('error', () => {})
        return text.includes('from inside')
      }
      expect(await eventually(ask, 30_000)).toBe(true)
      await running
    })

    it('credentials: added on the way out, and nowhere in the box', async () => {
      config(ANTHROPIC)
      servers.seen.length = 0
      // In two parts, so that it is not found in the script itself.
      const key = `printf '%s%s\\n' ${KEY.slice(0, 8)} ${KEY.slice(8)}`
      const look = `env | grep -c placeholder; ${key} | grep -rlsaF -f - /proc/[0-9]*/environ /proc/[0-9]*/cmdline /run ~ . | wc -l`
      const call = `curl -sS -H "x-api-key: $ANTHROPIC_API_KEY" -H "authorization: Bearer $ANTHROPIC_API_KEY" $ANTHROPIC_BASE_URL/v1/messages`
      const done = await sh(`${call}; echo; ${look}; echo $ANTHROPIC_API_KEY`, {}, { ANTHROPIC_API_KEY: KEY })
      expect(done.stdout).toBe('answered\n1\n0\nagentbox-placeholder\n')
      expect(servers.seen).toHaveLength(1)
      expect(servers.seen[0]).toMatchObject({ tls: true, host: 'api.anthropic.com', url: '/v1/messages' })
      expect(servers.seen[0]!.headers).toContain(`x-api-key\n${KEY}`)
      expect(servers.seen[0]!.headers).not.toContain('placeholder')
    })

    it('credentials: also for who asks the proxy for what is near, and nothing else that is near', async () => {
      servers.seen.length = 0
      const call = (port: number): string =>
        `curl -sS -w ' %{http_connect}\n' --noproxy '' -p -x $HTTP_PROXY http://127.0.0.1:${port}/v1/messages 2>/dev/null`
      const done = await sh(`${call(61129)}; ${call(61130)}; ${call(61128)}`, {}, { ANTHROPIC_API_KEY: KEY })
      expect(done.stdout).toBe('answered 200\n 403\n 403\n')
      expect(servers.seen).toHaveLength(1)
      expect(servers.seen[0]!.headers).toContain(`x-api-key\n${KEY}`)
    })

    it('credentials: nothing that is answered with the request itself', async () => {
      servers.seen.length = 0
      const done = await sh(
        `curl -sS -X TRACE $ANTHROPIC_BASE_URL/v1/messages`,
        {},
        { ANTHROPIC_API_KEY: KEY },
      )
      expect(done.stdout).toBe('agentbox: TRACE is not passed on\n')
      expect(servers.seen).toEqual([])
    })

    it('credentials: once, whatever the box sends, and to no other name', async () => {
      servers.seen.length = 0
      const own = `-H 'X-API-Key: own' -H 'x-api-key: more' -H 'Host: git.example'`
      const done = await sh(
        `curl -sS ${own} $ANTHROPIC_BASE_URL/v1/messages; curl -sS -x $ANTHROPIC_BASE_URL http://git.example/`,
        {},
        { ANTHROPIC_API_KEY: KEY },
      )
      expect(done.stdout).toBe('answeredagentbox: this is no proxy\n')
      expect(servers.seen).toHaveLength(1)
      const { headers } = servers.seen[0]!
      expect(headers.match(/^x-api-key\n.*/gim)).toEqual([`x-api-key\n${KEY}`])
      expect(headers.match(/^host\n.*/gim)).toEqual(['Host\napi.anthropic.com'])
    })

    it.each([
      ['another host’s', UNCERTIFIED, {}, 'ERR_TLS_CERT_ALTNAME_INVALID'],
      [
        'of nobody known',
        'api.anthropic.com',
        { NODE_EXTRA_CA_CERTS: '' },
        'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      ],
    ])('credentials: nothing to a server whose certificate is %s', async (_what, host, env, code) => {
      config(`credentials:\n  - {host: ${host}, header: x-api-key, from: "env:ANTHROPIC_API_KEY"}\n`)
      servers.seen.length = 0
      const done = await sh(
        'curl -sS http://127.0.0.1:61129/v1/messages',
        { allow: [host] },
        { ANTHROPIC_API_KEY: KEY, ...env },
      )
      expect(done.stdout).toBe(`agentbox: ${host} cannot be reached: ${code}\n`)
      expect(servers.seen).toEqual([])
    })

    it('credentials: a stream is not held up', async () => {
      config(ANTHROPIC)
      const script = `curl -sSN $ANTHROPIC_BASE_URL/slow | while read -r line; do echo "$(date +%s%N) $line"; done`
      const done = await sh(script, {}, { ANTHROPIC_API_KEY: KEY })
      const times = [...done.stdout.matchAll(/(\d+) data: (?:one|two)/g)].map(
        (match) => Number(match[1]) / 1e6,
      )
      expect(times).toHaveLength(2)
      expect(times[1]! - times[0]!).toBeGreaterThan(250)
    })

    it('credentials: a command that fails says nothing of it inside', async () => {
      config(
        'network: {allow: [api.anthropic.com]}\ncredentials:\n  - {host: api.anthropic.com, header: x-api-key, from: "command:echo hidden >&2; exit 1"}\n',
      )
      const done = await sh('curl -sS $ANTHROPIC_BASE_URL/v1/messages')
      expect(done.stdout).toContain('cannot be read')
      expect(`${done.stdout}${done.stderr}`).not.toContain('hidden')
    })
  })

  async function npmDir(): Promise<string> {
    const real = (
      await at.root(['sh', '-c', 'readlink -f "$(command -v npm)"'], {
        env: { PATH: process.env['PATH'] ?? '' },
      })
    ).stdout
    return join(real.trim(), '../..')
  }
})

/** Network namespaces that a process of this machine is in. */
function networks(): number {
  const found = readdirSync('/proc').flatMap((name) => {
    try {
      return /^\d+$/.test(name) ? [readlinkSync(`/proc/${name}/ns/net`)] : []
    } catch {
      return []
    }
  })
  return new Set(found).size
}
