import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { logDir, openJournal, readJournal } from '../../../src/session/journal.ts'

it('keeps the newest hundred when it is closed, with its own', () => {
  const state = mkdtempSync(join(tmpdir(), 'agentbox-journal-'))
  onTestFinished(() => rmSync(state, { recursive: true }))
  const dir = logDir(state)
  mkdirSync(dir, { mode: 0o700 })
  for (let age = 1; age <= 105; age++) {
    for (const part of [`${age}.jsonl`, `${age}.jsonl.1`]) {
      writeFileSync(join(dir, part), '')
      utimesSync(join(dir, part), 1e9 - age, 1e9 - age)
    }
  }
  const journal = openJournal(state, 'own', process.getuid!())
  journal.record({ kind: 'ended', how: 'exit 0' })
  expect(readdirSync(dir)).toHaveLength(2 * 105 + 1)
  journal.close()
  expect(readJournal(journal.path)).toMatchObject([{ kind: 'ended' }])
  expect(readdirSync(dir)).toHaveLength(2 * 99 + 1)
  for (const [age, kept] of [
    ['99', true],
    ['100', false],
  ] as const)
    for (const part of ['', '.1']) expect(existsSync(join(dir, `${age}.jsonl${part}`))).toBe(kept)
})
