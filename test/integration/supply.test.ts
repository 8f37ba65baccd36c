import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'

const project = resolve(import.meta.dirname, '../..')
const read = (name: string): unknown => JSON.parse(readFileSync(resolve(project, name), 'utf8'))

interface Locked {
  resolved?: string
  integrity?: string
  link?: boolean
  hasInstallScript?: boolean
  dev?: boolean
}

const lock = read('package-lock.json') as { lockfileVersion: number; packages: Record<string, Locked> }
const locked = Object.entries(lock.packages).filter(([place]) => place !== '')

/** Programs of these run on a developer's machine when they are installed. */
const INSTALL_SCRIPTS = new Set([
  'node_modules/esbuild',
  // The ssh server of the network's tests; both try to compile something faster, and go on without it.
  'node_modules/ssh2',
  'node_modules/cpu-features',
])

test('everything that the build is made of is pinned by content, from the registry alone', () => {
  expect(lock.lockfileVersion).toBe(3)
  expect(locked.length).toBeGreaterThan(100)
  for (const [place, { resolved, integrity, link }] of locked) {
    expect([place, link]).toEqual([place, undefined])
    expect([place, integrity]).toEqual([place, expect.stringMatching(/^sha512-[\w+/]{86}==$/)])
    if (resolved !== undefined) expect(resolved).toMatch(/^https:\/\/registry\.npmjs\.org\//)
  }
})

test('nothing runs at installation but what is known to', () => {
  const running = locked
    .filter(([, { hasInstallScript }]) => hasInstallScript === true)
    .map(([place]) => place)
  expect(running.filter((place) => !INSTALL_SCRIPTS.has(place))).toEqual([])
})

test('the package brings no other: what it is made of is in its bundles', () => {
  const own = read('package.json') as Record<string, unknown>
  for (const kind of ['dependencies', 'optionalDependencies', 'peerDependencies', 'bundledDependencies'])
    expect([kind, own[kind]]).toEqual([kind, undefined])
  const scripts = Object.keys(own['scripts'] as Record<string, string>)
  expect(scripts.filter((name) => /^(pre|post)?install$|^prepare$/.test(name))).toEqual([])
  expect(locked.filter(([, { dev }]) => dev !== true).map(([place]) => place)).toEqual([])
})
