import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeHome, type TestHome } from '../support/home.ts'
import type { Ended } from '../support/spawn.ts'
import type { Who } from '../support/who.ts'
import { Secrets } from './secrets.ts'

describe.each<Who>(['user', 'root'])('what stands in place of a secret, as %s', (who) => {
  let home: TestHome
  const secrets = new Secrets()
  const place = (): string => `${home.home}/work/shop`

  beforeAll(async () => {
    home = makeHome(who)
    const lines = [
      '# the database',
      `DB_URL=postgres://${secrets.make('plain')}@db/x # ${secrets.make('comment')}`,
      `export API_KEY='${secrets.make('quoted')}'`,
      'CERT="-----BEGIN',
      secrets.make('multi-line'),
      '-----END"',
      `JSON='{"a": "${secrets.make('json')}"}'`,
      // From here on nobody knows what is a name: all of it is hidden.
      secrets.make('line without a name'),
      `LATER=${secrets.make('later')}`,
    ]
    home.write(`${place()}/.env`, `${lines.join('\n')}\n`, 0o600)
    home.write(`${place()}/id_rsa`, `KEY=${secrets.make('key')}\n`, 0o600)
    home.write(`${place()}/.env.agent`, 'DB_URL=postgres://nobody@localhost/test\n')
    await home.must(['git', 'init', '-q'], { cwd: place() })
  })
  afterAll(() => home.remove())

  async function box(args: readonly string[], script: string): Promise<Ended> {
    const ended = await home.launch(['run', ...args, '--', 'sh', '-c', script], { cwd: place() }).ended
    expect(secrets.foundIn(ended.stdout + ended.stderr)).toEqual([])
    return ended
  }

  test('empty: nothing, by default', async () => {
    expect(await box([], 'cat .env id_rsa')).toMatchObject({ status: 0, stdout: '' })
  })

  test('keys: names, no value', async () => {
    const { status, stdout } = await box(['--show', 'keys'], 'cat .env')
    expect(status).toBe(0)
    for (const name of ['DB_URL', 'API_KEY', 'CERT', 'JSON']) expect(stdout).toContain(name)
    expect(stdout).not.toMatch(/postgres|BEGIN|@db/)
    expect((await box(['--show', 'keys'], 'cat id_rsa')).stdout).toBe('')
  })

  test('deny: cannot be opened, not even by root or its owner', async () => {
    const { status, stderr } = await box(['--show', 'deny'], 'cat .env; chmod 644 .env; cat .env')
    expect(status).not.toBe(0)
    expect(stderr.match(/Permission denied/g)).toHaveLength(2)
  })

  test('substitute: another file, which cannot be written through it', async () => {
    home.write(`${place()}/.agentboxrc`, 'version: 1\nmasks: {substitute: {.env: .env.agent}}\n')
    const { stdout } = await box([], 'cat .env; echo x > .env; cat .env.agent')
    expect(stdout).toBe('DB_URL=postgres://nobody@localhost/test\n'.repeat(2))
  })
})
