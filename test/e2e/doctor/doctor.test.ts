import { createServer, type AddressInfo, type Server } from 'node:net'
import { mkdirSync, symlinkSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeHome, type Options, type TestHome } from '../../support/home.ts'
import type { Finding } from '../../../src/doctor/types.ts'
import type { Who } from '../../support/who.ts'

describe.each(['user', 'root'] as const)('agentbox doctor, as %s', (who: Who) => {
  let at: TestHome
  let project: string
  const findings = async (
    options: Options = {},
    ...checks: string[]
  ): Promise<[number | null, Finding[]]> => {
    const done = await at.launch(['doctor', '--json', ...checks], { cwd: project, ...options }).ended
    return [done.status, (JSON.parse(done.stdout) as { findings: Finding[] }).findings]
  }

  beforeAll(async () => {
    at = makeHome(who)
    project = `${at.home}/work/shop`
    at.write(`${project}/.env`, 'TOKEN=1\n')
    at.write(`${project}/a`, 'a\n')
    await at.must(['git', 'init', '-q', project])
  })
  afterAll(() => at.remove())

  it('finds nothing that stands in the way where boxes work', async () => {
    const [status, list] = await findings()
    expect(status).toBe(0)
    expect(list.filter(({ severity }) => severity === 'error')).toEqual([])
  })

  it('names an invalid policy with its place, and ends with 1', async () => {
    at.write(`${at.home}/work/bad/.agentboxrc`, 'version: 1\nfilesytem: {}\n')
    const [status, list] = await findings({ cwd: `${at.home}/work/bad` })
    expect(status).toBe(1)
    expect(list).toContainEqual(expect.objectContaining({ check: 'policy', severity: 'error' }))
    expect(list.find(({ check }) => check === 'policy')!.problem).toMatch(/\.agentboxrc:2:1/)
  })

  it('tells of secrets that git has, with the commit and the remedy', async () => {
    const git = ['git', '-c', 'user.name=A', '-c', 'user.email=a@example.com', '-C', project]
    await at.must([...git, 'add', '-A'])
    await at.must([...git, 'commit', '-qm', 'all'])
    await at.must([...git, 'rm', '-q', '--cached', '.env'])
    await at.must([...git, 'commit', '-qm', 'not that'])
    const [, list] = await findings({}, 'history')
    expect(list).toHaveLength(1)
    expect(list[0]).toMatchObject({
      severity: 'warning',
      problem: expect.stringMatching(/^\.env is in git: .*[0-9a-f]{7}/),
    })
  })

  it('tells of an agent whose shim comes late, or is missing', async () => {
    at.write(`${at.home}/bin/claude`, '#!/bin/sh\n', 0o755)
    const env = { PATH: `${at.home}/bin:${at.env['PATH']}` }
    const [, bare] = await findings({ env }, 'agents')
    expect(bare).toEqual([expect.objectContaining({ problem: expect.stringContaining('has no shim') })])
    const shims = `${at.home}/.local/share/agentbox/shims`
    mkdirSync(shims, { recursive: true })
    symlinkSync(`${at.base}/app/shell/shim.sh`, `${shims}/claude`)
    const [, late] = await findings({ env: { PATH: `${at.home}/bin:${shims}:${at.env['PATH']}` } }, 'agents')
    expect(late).toEqual([expect.objectContaining({ problem: expect.stringContaining('before the shims') })])
    const [, first] = await findings({ env: { PATH: `${shims}:${at.home}/bin:${at.env['PATH']}` } }, 'agents')
    expect(first).toEqual([])
  })

  it('tells of a proxy of the environment that boxes cannot go through, without what is secret in it', async () => {
    const [server, gone] = [createServer(), createServer()]
    for (const one of [server, gone]) await new Promise<void>((done) => one.listen(0, '127.0.0.1', done))
    const port = (one: Server): number => (one.address() as AddressInfo).port
    const [open, closed] = [port(server), port(gone)]
    await new Promise((done) => gone.close(done))
    const problems = async (env: Record<string, string>): Promise<string[]> => {
      const [status, list] = await findings({ env }, 'proxy')
      expect(status).toBe(0)
      expect(JSON.stringify(list)).not.toContain('s3cret')
      return list.map(({ problem }) => problem)
    }
    const refused = (name: string): string =>
      `${name} leads to 127.0.0.1:${closed}, and nothing answers there (ECONNREFUSED)`
    expect(await problems({})).toEqual([])
    expect(await problems({ HTTPS_PROXY: `http://u:s3cret@127.0.0.1:${open}` })).toEqual([])
    expect(await problems({ https_proxy: `http://u:s3cret@127.0.0.1:${closed}` })).toEqual([
      refused('https_proxy'),
    ])
    expect(await problems({ ALL_PROXY: `socks5h://127.0.0.1:${closed}` })).toEqual([refused('ALL_PROXY')])
    expect(await problems({ HTTP_PROXY: 'socks4://u:s3cret@proxy', HTTPS_PROXY: 'http://' })).toEqual([
      'HTTPS_PROXY cannot be used: its URL cannot be read',
      'HTTP_PROXY cannot be used: agentbox does not speak socks4',
    ])
    // Of no use to any program, and asked for by none.
    expect(await problems({ ALL_PROXY: 'socks4://proxy', NO_PROXY: '*' })).toEqual([])
    // Nothing is sent to a proxy elsewhere.
    expect(await problems({ HTTPS_PROXY: 'http://proxy.invalid:3128' })).toEqual([])
    server.close()
  })

  it('knows no check of another name', async () => {
    const done = await at.launch(['doctor', 'liver'], { cwd: project }).ended
    expect([done.status, done.stderr]).toEqual([2, expect.stringContaining('bwrap, kernel')])
  })
})
