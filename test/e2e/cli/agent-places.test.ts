import { existsSync, readFileSync, symlinkSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeHome, type TestHome } from '../../support/home.ts'
import type { Ended } from '../../support/spawn.ts'
import type { Who } from '../../support/who.ts'

/** Where the user's own agents keep their files: elsewhere by a variable, in the project, the project itself. */
describe.each(['user', 'root'] as const)('directories of agents, as %s', (who: Who) => {
  let at: TestHome
  let project: string

  /** What is called codex runs a script. */
  const codex = async (script: string, cwd: string, home?: string): Promise<Ended> => {
    at.write(`${at.home}/.local/bin/codex`, `#!/bin/sh\n${script}\n`, 0o755)
    const env = {
      PATH: `${at.home}/.local/bin:${at.env['PATH']}`,
      ...(home === undefined ? {} : { CODEX_HOME: home }),
    }
    return await at.launch(['run', '--', 'codex'], { cwd, env }).ended
  }
  const text = (path: string): string => readFileSync(path, 'utf8')

  beforeAll(() => {
    at = makeHome(who)
    project = `${at.home}/work/shop`
    at.write(`${project}/.agentboxrc`, 'version: 1\n')
  })
  afterAll(() => at.remove())

  it('outside the home: settings and log-in are at the usual place, and what is refreshed goes back', async () => {
    const dir = `${at.base}/data/codex`
    at.write(`${dir}/config.toml`, 'model = "mine"\n')
    at.write(`${dir}/auth.json`, '{"token":"old"}\n', 0o600)
    const script = `
      cat ~/.codex/config.toml ~/.codex/auth.json; echo "[$CODEX_HOME]"
      echo x 2>/dev/null >> ~/.codex/config.toml || echo read-only
      echo '{"token":"new"}' > ~/.codex/auth.json`
    const { stdout, stderr } = await codex(script, project, dir)
    expect([stdout, stderr]).toEqual(['model = "mine"\n{"token":"old"}\n[]\nread-only\n', expect.anything()])
    expect(stderr).not.toContain('not followed')
    expect(text(`${dir}/auth.json`)).toBe('{"token":"new"}\n')
  })

  it('in the project: it is not followed, the log-in is hidden, and nothing is written', async () => {
    const dir = `${project}/own`
    at.write(`${dir}/config.toml`, 'model = "mine"\n')
    at.write(`${dir}/auth.json`, '{"token":"secret"}\n', 0o600)
    const script = `
      echo "[$CODEX_HOME]"; cat own/config.toml own/auth.json
      for name in hooks.json config.toml auth.json; do echo x 2>/dev/null > own/$name || echo refused; done
      mv own other 2>/dev/null || echo refused`
    const done = await codex(script, project, dir)
    expect(done.stdout).toBe('[]\nmodel = "mine"\nrefused\nrefused\nrefused\nrefused\n')
    expect(done.stderr).toContain('CODEX_HOME is not followed')
    expect([existsSync(`${dir}/hooks.json`), text(`${dir}/auth.json`)]).toEqual([
      false,
      '{"token":"secret"}\n',
    ])
  })

  it('in the project and not there yet: it is moved away', async () => {
    const script = 'mkdir later && echo x > later/hooks.json'
    const { status } = await codex(script, project, `${project}/later`)
    expect([status, existsSync(`${project}/later`)]).toEqual([0, false])
    const list = await at.launch(['quarantine', 'list'], { cwd: project }).ended
    expect(list.stdout).toMatch(/later.*codex/)
  })

  it('a link into the project, as those have who keep their settings in a repository', async () => {
    const dotfiles = `${at.home}/dotfiles`
    at.write(`${dotfiles}/.agentboxrc`, 'version: 1\n')
    at.write(`${dotfiles}/codex/auth.json`, '{"token":"secret"}\n', 0o600)
    at.write(`${dotfiles}/claude.json`, '{}\n')
    at.dir(`${at.home}/.claude`)
    symlinkSync(`${dotfiles}/codex`, `${at.home}/.codex`)
    symlinkSync(`${dotfiles}/claude.json`, `${at.home}/.claude/settings.json`)
    const script = `
      cat codex/auth.json
      for name in codex/hooks.json claude.json; do echo x 2>/dev/null > $name || echo refused; done
      echo x > note`
    const { stdout } = await at.launch(['run', '--', 'sh', '-c', script], { cwd: dotfiles }).ended
    expect([stdout, text(`${dotfiles}/note`), text(`${dotfiles}/claude.json`)]).toEqual([
      'refused\nrefused\n',
      'x\n',
      '{}\n',
    ])
    expect(existsSync(`${dotfiles}/codex/hooks.json`)).toBe(false)
  })

  it('the project is such a directory: what steers in it is read-only, and moved away where it appears', async () => {
    const dir = `${at.home}/.qwen`
    at.write(`${dir}/.agentboxrc`, 'version: 1\n')
    at.write(`${dir}/settings.json`, '{}\n')
    const script = 'echo x 2>/dev/null > settings.json || echo refused; mkdir commands; echo x > note'
    const { stdout } = await at.launch(['run', '--', 'sh', '-c', script], { cwd: dir }).ended
    expect([stdout, text(`${dir}/settings.json`), text(`${dir}/note`)]).toEqual(['refused\n', '{}\n', 'x\n'])
    expect(existsSync(`${dir}/commands`)).toBe(false)
  })

  it('a file that a variable names: seen read-only where it is, and not to be changed in the project', async () => {
    const own = `${at.home}/mine/opencode.json`
    at.write(own, '{"mine": true}\n')
    at.write(`${project}/cfg/oc.json`, '{"ours": true}\n')
    at.write(
      `${at.home}/.local/bin/opencode`,
      '#!/bin/sh\ncat "$OPENCODE_CONFIG"; echo x 2>/dev/null > "$OPENCODE_CONFIG" || echo refused\n',
      0o755,
    )
    const path = `${at.home}/.local/bin:${at.env['PATH']}`
    const opencode = async (file: string): Promise<string> => {
      const env = { PATH: path, OPENCODE_CONFIG: file }
      return (await at.launch(['run', '--', 'opencode'], { cwd: project, env }).ended).stdout
    }
    expect(await opencode(own)).toBe('{"mine": true}\nrefused\n')
    expect(await opencode(`${project}/cfg/oc.json`)).toBe('{"ours": true}\nrefused\n')
    expect(text(own)).toBe('{"mine": true}\n')
  })
})
