import { afterAll, beforeAll, expect, it } from 'vitest'
import { makeHome, type TestHome } from '../../support/home.ts'

let at: TestHome
let project: string
const KEY = ['ghp', 'aB3'.repeat(12)].join('_')

beforeAll(() => {
  at = makeHome('user')
  project = `${at.home}/work/shop`
  at.write(`${project}/.agentboxrc`, 'version: 1\nmasks:\n  detect: true\n')
  at.write(`${project}/od d/we[i]r*d {a,b}!.ts`, `const key = '${KEY}'\n`)
  at.write(`${project}/plain.ts`, 'const key = process.env.KEY\n')
  at.write(`${project}/allowed.ts`, `const key = '${KEY}' // agentbox: allow-secret\n`)
  at.write(`${project}/fixtures/a.ts`, `const key = '${KEY}'\n`)
})
afterAll(() => at.remove())

const read = async (): Promise<string> =>
  (await at.launch(['run', '--', 'sh', '-c', 'cat od*/* plain.ts fixtures/a.ts'], { cwd: project }).ended)
    .stdout

it('masks.detect masks files by their content, whatever their names', async () => {
  expect(await read()).toBe('const key = process.env.KEY\n')
  const masks = await at.bare([at.node, at.agentbox, 'masks'], { cwd: project })
  expect(masks.stdout).toContain('.agentboxrc:3')
  at.write(`${project}/.agentboxrc`, 'version: 1\nmasks:\n  detect: true\nscan:\n  except: [fixtures/]\n')
  expect(await read()).toBe(`const key = process.env.KEY\nconst key = '${KEY}'\n`)
  // The user's own wish is not for the repository to lift.
  at.write(`${at.home}/.config/agentbox/config.yaml`, 'version: 1\nmasks:\n  detect: true\n')
  expect(await read()).toBe('const key = process.env.KEY\n')
  at.write(`${at.home}/.config/agentbox/config.yaml`, 'version: 1\n')
  at.write(`${project}/.agentboxrc`, 'version: 1\n')
  expect(await read()).toContain(`'${KEY}'\nconst key = process.env.KEY\n`)
})

it('agentbox scan names file, line and rule, and exits 1', async () => {
  const scan = await at.bare([at.node, at.agentbox, 'scan', '--json'], { cwd: project })
  expect(scan.status).toBe(1)
  expect(scan.stdout).not.toContain(KEY)
  const { credentials } = JSON.parse(scan.stdout) as {
    credentials: { path: string; line: number; rule: string }[]
  }
  expect(credentials.map(({ path, line, rule }) => `${path}:${line} ${rule}`).toSorted()).toEqual([
    'fixtures/a.ts:1 github',
    'od d/we[i]r*d {a,b}!.ts:1 github',
  ])
})

it.each([
  ['fixtures/a.ts', 1, 'fixtures/a.ts:1', '1 finding in 1 file looked into'],
  ['fixtures', 1, 'fixtures/a.ts:1', '1 finding in 1 file looked into'],
  ['plain.ts', 0, '', '0 findings in 1 file looked into'],
])('agentbox scan %s looks into that alone', async (path, status, found, told) => {
  const scan = await at.bare([at.node, at.agentbox, 'scan', path], { cwd: project })
  expect(scan).toMatchObject({ status })
  expect(scan.stdout).toContain(found)
  expect(scan.stderr).toContain(told)
})
