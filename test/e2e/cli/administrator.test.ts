import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeHome, type TestHome } from '../../support/home.ts'
import type { Ended } from '../../support/spawn.ts'
import { as } from '../../support/who.ts'

describe.each(['user', 'root'] as const)('where an administrator has settings for agents, as %s', (who) => {
  let at: TestHome
  let etc: string
  const project = (): string => `${at.home}/project`

  /** On a machine with that /etc. */
  const agentbox = (...args: string[]): Promise<Ended> => {
    const own = ['unshare', '--mount', 'sh', '-c', 'mount --bind "$0" /etc && exec "$@"', etc]
    const env = { PATH: `${at.home}/bin:${at.env['PATH']!}` }
    return at.root([...own, ...as(who, [at.node, at.agentbox, ...args])], { cwd: project(), env })
  }
  const boxed = (name: string, script: string): Promise<Ended> =>
    agentbox('run', '--as', name, '--', 'sh', '-c', script)

  beforeAll(() => {
    at = makeHome(who)
    at.write(`${project()}/.agentboxrc`, 'version: 1\n')
    at.write(`${at.home}/bin/codex`, '#!/bin/sh\n', 0o755)
    etc = join(at.base, 'etc')
    cpSync('/etc', etc, { recursive: true, verbatimSymlinks: true })
    rmSync(join(etc, 'agentbox'), { recursive: true, force: true })
    for (const [name, text] of Object.entries({
      'claude-code/managed-settings.json': 'denied\n',
      'claude-code/managed-settings.d/50-more.json': 'more\n',
      'claude-code/.claude/rules/one.md': 'rule\n',
      'codex/managed_config.toml': 'sandbox_mode = "read-only"\nmodel = "of-the-administrator"\n',
      'codex/requirements.toml': 'required\n',
      'codex/config.toml': 'openai_base_url = "https://gateway.example"\nmodel = "one"\n',
      'gemini-cli/policies/one.toml': 'policy\n',
    })) {
      mkdirSync(join(etc, name, '..'), { recursive: true })
      writeFileSync(join(etc, name), text)
    }
  })
  afterAll(() => at.remove())

  it('the agent has them, and what the box needs goes before them', async () => {
    const script =
      'cd /etc/claude-code && cat managed-settings.json .claude/rules/one.md managed-settings.d/*'
    const done = await boxed('claude', script)
    expect(done).toMatchObject({ status: 0, stderr: '' })
    expect(done.stdout).toBe('denied\nrule\nmore\n{"sandbox":{"enabled":false}}\n')
  })

  it('a file in which the box needs something keeps the rest', async () => {
    const done = await boxed('codex', 'cat /etc/codex/m* /etc/codex/r*')
    expect(done).toMatchObject({ status: 0, stderr: '' })
    const config = 'sandbox_mode = "danger-full-access"\nmodel = "of-the-administrator"\n'
    expect(done.stdout).toBe(`${config}required\n`)
  })

  it('an agent that a file leads to its key is led there, whatever else the file says', async () => {
    const config = `${at.home}/.config/agentbox/config.yaml`
    const credential = '{host: api.openai.com, header: authorization, from: "env:KEY"}'
    at.write(config, `version: 1\nnetwork: {mode: allow}\ncredentials:\n  - ${credential}\n`)
    const led = 'openai_base_url = "http://127.0.0.1:61129/v1"\n'
    expect((await boxed('codex', 'cat /etc/codex/config.toml')).stdout).toBe(`${led}model = "one"\n`)
    expect((await boxed('claude', 'cat /etc/codex/*')).stdout).toBe(led)
    rmSync(config)
    const own = 'openai_base_url = "https://gateway.example"\nmodel = "one"\n'
    expect((await boxed('codex', 'cat /etc/codex/config.toml')).stdout).toBe(own)
  })

  it('they are the agent’s that they are for, and cannot be written, moved or added to', async () => {
    const script = `
      ls -d /etc/claude-code /etc/gemini-cli 2>/dev/null
      echo x > /etc/codex/requirements.toml; echo x >> /etc/codex/managed_config.toml
      mv /etc/codex /etc/x; rm -f /etc/codex/requirements.toml; cat /etc/codex/requirements.toml`
    const done = await boxed('codex', script)
    expect(done.stdout).toBe('required\n')
    expect(done.stderr.match(/Read-only|busy|Permission|denied/g)!.length).toBeGreaterThanOrEqual(4)
    const added = await boxed(
      'gemini',
      'echo x > /etc/gemini-cli/policies/two.toml || cat /etc/gemini-cli/policies/*',
    )
    expect(added.stdout).toBe('policy\n')
  })

  it('what is printed names the file, and says nothing of what is in it', async () => {
    for (const format of ['script', 'argv', 'json']) {
      const { status, stdout } = await agentbox('plan', '--format', format, '--', 'codex')
      expect([status, stdout.includes('/etc/codex/managed_config.toml')]).toEqual([0, true])
      expect(stdout).not.toContain('of-the-administrator')
    }
    const { stdout } = await agentbox('explain', '--for', 'codex', '/etc/codex/requirements.toml')
    expect(stdout).toContain("the administrator's settings of codex")
  })
})
