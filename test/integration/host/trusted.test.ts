import { chmodSync, chownSync, copyFileSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { gitBinary } from '../../../src/git/call.ts'
import { distrust } from '../../../src/host/trusted.ts'

let dir: string
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'agentbox-trusted-'))
  for (const name of ['good', 'foreign', 'open', 'dead']) copyFileSync('/bin/true', join(dir, name))
  chmodSync(join(dir, 'good'), 0o755)
  chownSync(join(dir, 'foreign'), 12_345, 12_345)
  chmodSync(join(dir, 'open'), 0o775)
  chmodSync(join(dir, 'dead'), 0o644)
  symlinkSync('open', join(dir, 'link'))
})
afterAll(() => rmSync(dir, { recursive: true }))

test.each([
  ['good', undefined],
  ['foreign', 'it does not belong to root'],
  ['open', 'others than root may write to it'],
  ['link', 'others than root may write to it'],
  ['dead', 'it is not executable'],
  ['absent', 'it is not a file'],
  ['.', 'it is not a file'],
])('%s: %s', (name, reason) => expect(distrust(join(dir, name))).toBe(reason))

test('a git that others could have replaced is passed over', () => {
  const places = ['foreign', 'open', 'dead', 'link', 'good'].map((name) => join(dir, name))
  expect(gitBinary(places)).toBe(join(dir, 'good'))
  expect(gitBinary(places.slice(0, 4))).toBe(undefined)
})
