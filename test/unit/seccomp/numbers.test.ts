import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { type Arch, numberOf, type Syscall, SYSCALLS } from '../../../src/bwrap/seccomp/syscalls.ts'

// arm64's own header is these switches and the generic table, which every machine's kernel headers hold.
const GENERIC = [
  ...['RENAMEAT', 'NEW_STAT', 'SET_GET_RLIMIT', 'SYS_CLONE3', 'MEMFD_SECRET'].map(
    (name) => `#define __ARCH_WANT_${name}`,
  ),
  '#include <asm-generic/unistd.h>',
]
const OWN = ['#include <asm/unistd.h>']
const HEADERS: [Arch, string[]][] =
  process.arch === 'x64'
    ? [
        ['x86_64', OWN],
        ['aarch64', GENERIC],
      ]
    : [['aarch64', OWN]]

/** Calls that Linux removed; later headers no longer name them. */
const REMOVED: Syscall[] = ['lookup_dcookie', 'nfsservctl']

const preprocess = (flags: string[], lines: string[]): string =>
  execFileSync('gcc', ['-E', ...flags, '-'], { input: `${lines.join('\n')}\n`, encoding: 'utf8' })

function numbersIn(headers: string[]): Map<string, number> {
  const asked = SYSCALLS.flatMap((call) => [`#ifdef __NR_${call}`, `"${call}" __NR_${call}`, '#endif'])
  const text = preprocess(['-P'], [...headers, ...asked])
  return new Map([...text.matchAll(/^"(\w+)" (\d+)$/gm)].map(([, call, number]) => [call!, Number(number)]))
}

function newestIn(headers: string[]): number {
  const macros = preprocess(['-dM'], headers).matchAll(/^#define __NR_(?!syscalls)\w+ (\d+)$/gm)
  return Math.max(...[...macros].map(([, number]) => Number(number)))
}

describe.each(HEADERS)('numbers of %s', (arch, headers) => {
  it('are those of the kernel headers', () => {
    const found = numbersIn(headers)
    const newest = newestIn(headers)
    const odd = SYSCALLS.filter((call) => {
      const ours = numberOf(call, arch)
      const theirs = found.get(call)
      if (ours === theirs) return false
      return theirs !== undefined || !(ours! > newest || REMOVED.includes(call))
    })
    expect(odd).toEqual([])
    expect(found.size).toBeGreaterThan(50)
  })
})

describe('the tables', () => {
  it('agree from 424 on, where all architectures count alike', () => {
    const shared = SYSCALLS.filter((call) => numberOf(call, 'x86_64')! >= 424)
    expect(shared.filter((call) => numberOf(call, 'aarch64') !== numberOf(call, 'x86_64'))).toEqual([])
    expect(shared.length).toBeGreaterThan(15)
  })

  it.each(['x86_64', 'aarch64'] as const)('give no number twice on %s', (arch) => {
    const numbers = SYSCALLS.flatMap((call) => numberOf(call, arch) ?? [])
    expect(new Set(numbers).size).toBe(numbers.length)
  })
})
