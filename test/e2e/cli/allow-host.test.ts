import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeHome, type TestHome } from '../../support/home.ts'

describe('hosts that the user allows', () => {
  let at: TestHome
  let project: string
  beforeAll(async () => {
    at = makeHome('user')
    project = `${at.home}/work/project`
    at.dir(project)
    await at.must(['git', 'init', '-q', project])
  })
  afterAll(() => at.remove())
  const agentbox = (...args: string[]) => at.launch(args, { cwd: project }).ended

  it('are added to the policy, whose comments stay, and then asked for', async () => {
    at.write(`${project}/.agentboxrc`, '# ours\nversion: 1\nnetwork:\n  allow: # why\n    - a.example\n')
    const done = await agentbox('allow-host', 'A.example', 'b.example', '@npm')
    expect(done).toMatchObject({ status: 0, stdout: '' })
    expect(done.stderr).toContain('agentbox allow')
    expect(readFileSync(`${project}/.agentboxrc`, 'utf8')).toMatch(
      /^# ours\nversion: 1\nnetwork:\n  allow: # why\n    - a\.example\n    - b\.example\n    - "@npm"\n$/,
    )
    expect((await agentbox('run', '--', 'true')).stderr).toMatch(/network +b\.example/)
  })

  it('or to the configuration of the user, once', async () => {
    at.write(`${project}/.agentboxrc`, 'version: 1\n')
    await agentbox('allow-host', '--user', 'c.example')
    expect((await agentbox('allow-host', '--user', 'c.example')).stderr).toContain('allowed already')
    expect(readFileSync(`${at.home}/.config/agentbox/config.yaml`, 'utf8')).toBe(
      'version: 1\nnetwork:\n  allow: [c.example]\n',
    )
  })

  it('are added for every repository although one has them, and for the team although its user has them', async () => {
    at.write(`${project}/.agentboxrc`, 'version: 1\nnetwork: {allow: [d.example]}\n')
    await agentbox('allow', '--yes')
    const own = await agentbox('allow-host', '--user', 'd.example', 'c.example')
    expect(own.stderr).toMatch(/^agentbox  c\.example: allowed already\n.*has d\.example now\n/)
    expect(readFileSync(`${at.home}/.config/agentbox/config.yaml`, 'utf8')).toContain(
      '[c.example, d.example]',
    )
    await agentbox('allow-host', 'c.example')
    expect(readFileSync(`${project}/.agentboxrc`, 'utf8')).toContain('[d.example, c.example]')
  })

  it.each([
    [['allow-host'], 'needs a host'],
    [['allow-host', 'https://a.example'], 'has a scheme'],
    [['allow-host', '*'], 'matches every host'],
    [['allow-host', '--user', '--repo', 'a.example'], '--user or --repo'],
  ])('%j is a usage error', async (args, text) => {
    const done = await agentbox(...args)
    expect(done.status).toBe(2)
    expect(done.stderr).toContain(text)
  })

  it('leave an invalid policy as it is', async () => {
    at.write(`${project}/.agentboxrc`, 'version: 1\nnetwrok: {}\n')
    expect((await agentbox('allow-host', 'a.example')).status).toBe(125)
    expect(readFileSync(`${project}/.agentboxrc`, 'utf8')).toBe('version: 1\nnetwrok: {}\n')
  })

  it('are proposed by --learn, as a difference', async () => {
    at.write(`${project}/.agentboxrc`, 'version: 1\n')
    const ask =
      'curl -s http://x.example/ http://y.example/ https://x.example:8443/ http://10.0.0.1/ >/dev/null'
    const done = await agentbox('run', '--learn', '--', 'sh', '-c', `${ask}; true`)
    expect(done.status).toBe(0)
    expect(done.stderr).toContain('agentbox allow-host 10.0.0.1 x.example x.example:8443 y.example')
    expect(done.stderr).toContain('+  allow: [10.0.0.1, x.example, "x.example:8443", y.example]')
  })

  it('--learn-permit needs somebody to ask', async () => {
    const done = await agentbox('run', '--learn-permit', '--', 'echo', 'started')
    expect(done).toMatchObject({ status: 125, stdout: '' })
  })
})
