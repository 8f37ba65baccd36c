import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  lstatSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { makeHome, type TestHome } from '../../support/home.ts'

let home: TestHome
let cache: string
beforeAll(() => {
  home = makeHome('root')
  home.write(`${home.home}/shop/.agentboxrc`, 'version: 1\n')
  cache = `${home.home}/.cache/agentbox`
})
afterAll(() => home.remove())

const files = (): string[] => readdirSync(cache).filter((name) => name.startsWith('run-'))

async function launch(): Promise<void> {
  const ended = await home.launch(['run', '--', 'echo', 'ran'], { cwd: `${home.home}/shop` }).ended
  expect(ended).toEqual({ status: 0, signal: null, stdout: 'ran\n', stderr: '' })
}

it('is kept once for an installation, for its user alone', async () => {
  await launch()
  const [name, ...others] = files()
  expect(others).toEqual([])
  const { ino, mode } = lstatSync(`${cache}/${name}`)
  expect(mode & 0o777).toBe(0o600)
  await launch()
  expect(files()).toEqual([name])
  expect(lstatSync(`${cache}/${name}`).ino).toBe(ino)
})

it.each<[string, (path: string) => void]>([
  ['holds something else', (path) => writeFileSync(path, 'x'.repeat(100_000))],
  ['may be written by others', (path) => chmodSync(path, 0o622)],
  [
    'is a link',
    (path) => {
      renameSync(path, `${home.base}/elsewhere`)
      symlinkSync(`${home.base}/elsewhere`, path)
    },
  ],
  [
    'is a FIFO',
    (path) => {
      rmSync(path)
      execFileSync('mkfifo', ['-m', '600', path])
    },
  ],
])('is not used where it %s, and made anew', async (_what, spoil) => {
  const [name] = files()
  const path = `${cache}/${name}`
  spoil(path)
  await launch()
  const stat = lstatSync(path)
  expect([stat.isFile(), stat.mode & 0o777, files()]).toEqual([true, 0o600, [name]])
  expect(stat.size).toBeGreaterThan(200_000)
})

it('is kept for a few installations, and not for all that ever were', async () => {
  const seen: string[] = []
  for (let day = 1; day <= 6; day++) {
    utimesSync(`${dirname(home.agentbox)}/run.cjs`, day * 86_400, day * 86_400)
    const before = new Set(files())
    await launch()
    seen.push(...files().filter((name) => !before.has(name)))
  }
  expect(seen.length).toBe(6)
  expect(files().toSorted()).toEqual(seen.slice(-4).toSorted())
})
