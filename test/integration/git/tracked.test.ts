import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { trackedFiles } from '../../../src/git/tracked.ts'

let root: string

beforeAll(() => {
  root = realpathSync(mkdtempSync(`${tmpdir()}/agentbox-tracked-`))
  const git = (...args: string[]): Buffer => execFileSync('git', args, { cwd: root, stdio: 'pipe' })
  git('init', '-q')
  for (const name of ['.env', ':(top).env', 'new']) writeFileSync(`${root}/${name}`, 'x')
  git('--literal-pathspecs', 'add', '.env', ':(top).env')
  // What a hostile clone could bring: every one of these would run a program in an ordinary git call.
  writeFileSync(`${root}/evil.sh`, `#!/bin/sh\ntouch ${root}/canary\n`)
  chmodSync(`${root}/evil.sh`, 0o755)
  for (const key of ['core.fsmonitor', 'core.pager', 'alias.ls-files']) git('config', key, `${root}/evil.sh`)
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

it('tells which files git tracks, and executes nothing of the repository', async () => {
  const paths = ['.env', ':(top).env', 'new', '*'].map((name) => `${root}/${name}`)
  expect(await trackedFiles(root, paths)).toEqual(new Set([`${root}/.env`, `${root}/:(top).env`]))
  expect(existsSync(`${root}/canary`)).toBe(false)
})

it('does not know where there is no repository', async () => {
  expect(await trackedFiles('/', ['/x'])).toBeUndefined()
})
