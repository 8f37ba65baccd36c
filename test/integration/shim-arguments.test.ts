import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'

const shim = resolve(import.meta.dirname, '../../shell/shim.sh')
let dir: string
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'agentbox-shim-'))
  for (const name of ['shims', 'programs', 'cwd']) mkdirSync(join(dir, name))
  symlinkSync(shim, join(dir, 'shims/claude'))
  writeFileSync(join(dir, 'programs/claude'), '#!/bin/sh\nprintf "%s\\0" "$#" "$@"\n')
  chmodSync(join(dir, 'programs/claude'), 0o755)
})
afterAll(() => rmSync(dir, { recursive: true }))

const character = fc.constantFrom(
  ...'a\'"$`\\ \n\t*?[]{}()<>|&;!#~=-+%'.split(''),
  'é',
  '\u202e',
  '\u{1f511}',
)
const word = fc.oneof(
  fc.string({ unit: character, maxLength: 12 }),
  fc.constantFrom('', '-n', '--', '-e', '$(id)', '--help'),
)

test('arguments reach the program as they are', () => {
  const PATH = `${dir}/shims:${dir}/programs:/usr/bin:/bin`
  fc.assert(
    fc.property(fc.array(word, { maxLength: 5 }), (words) => {
      const done = spawnSync(join(dir, 'shims/claude'), words, {
        cwd: join(dir, 'cwd'),
        encoding: 'utf8',
        env: { PATH, HOME: dir },
      })
      expect(done.stderr).toBe('')
      expect(done.stdout.split('\0').slice(0, -1)).toEqual([String(words.length), ...words])
    }),
    { numRuns: 60 },
  )
})
