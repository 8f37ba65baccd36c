import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { RC_NAMES } from '../../../src/config/find.ts'

const SHIM = path.resolve(import.meta.dirname, '../../../shell/shim.sh')
const text = fs.readFileSync(SHIM, 'utf8')
const code = text.split('\n').filter((line) => !/^\s*#/.test(line))

describe('shell/shim.sh', () => {
  it('carries its marker where shims and agentbox look for it', () => {
    expect(text.split('\n').slice(0, 2)).toEqual(['#!/bin/sh', '# agentbox-shim-v1'])
  })

  it('can be executed', () => {
    expect(fs.statSync(SHIM).mode & 0o111).toBe(0o111)
  })

  it('looks for the same policy names as agentbox', () => {
    const [, names] = /for _ab_rc in (.+); do/.exec(text)!
    expect(names!.split(' ')).toEqual([...RC_NAMES])
  })

  it.each([
    ['dash', ['-n']],
    ['bash', ['--posix', '-n']],
    ['zsh', ['--emulate', 'sh', '-n']],
  ])('is understood by %s', (shell, flags) => {
    expect(execFileSync(shell, [...flags, SHIM], { encoding: 'utf8' })).toBe('')
  })

  it('assigns to no name that the user’s environment could have', () => {
    // NODE_OPTIONS is only ever given back what it was.
    const ours = /^(_ab_\w+|PWD|OLDPWD|NODE_OPTIONS|AGENTBOX_\w+)$/
    const names = code.flatMap((line) =>
      [...line.matchAll(/(?:^|[\s;({])([A-Za-z_]\w*)=/g)].map(([, name]) => name!),
    )
    expect(names.filter((name) => !ours.test(name) && name !== 'IFS')).toEqual([])
    expect(names.length).toBeGreaterThan(20)
    // Only ever for the length of one `read`.
    expect(code.filter((line) => /\bIFS=(?! read )/.test(line))).toEqual([])
  })

  it('forks only on the way into a box', () => {
    const forks = code.filter((line) => /\$\((?!\()|`/.test(line))
    expect(forks.map((line) => line.trim())).toEqual([
      expect.stringContaining('_ab_dir=$(cd -P'),
      expect.stringContaining('_ab_target=$("$_ab_readlink"'),
    ])
  })
})
