import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

const native = resolve(import.meta.dirname, '../../../native')
const SECONDS = 3
let dir: string

function compile(...more: string[]): string {
  const program = join(dir, 'fuzz')
  // These two are part of the driver, so that it reaches what is private to them.
  const others = readdirSync(native).filter((name) => name.endsWith('.c') && !/^(join|start)\.c$/.test(name))
  const flags = ['-std=gnu11', '-g', '-O1', '-fsanitize=address,undefined', '-fno-sanitize-recover=all']
  const sources = others.map((name) => join(native, name))
  const objects = sources.map((source) => {
    const object = join(dir, `${source.split('/').at(-1)}.o`)
    run('cc', [...flags, '-Dmain=helper_main', '-c', '-o', object, source])
    return object
  })
  run('cc', [...flags, ...more, '-o', program, join(import.meta.dirname, 'fuzz.c'), ...objects])
  return program
}

function run(command: string, args: string[]): void {
  const done = spawnSync(command, args, { encoding: 'utf8' })
  expect(done.stderr + done.stdout).toBe('')
}

beforeAll(() => void (dir = mkdtempSync(join(tmpdir(), 'agentbox-fuzz-'))))
afterAll(() => rmSync(dir, { recursive: true }))

test("the helper's readers cope with any bytes", () => {
  const seed = String(Date.now() % 100_000)
  // 125 and 0 are the helper's own ways to end; the sanitizers have another. What it lets lie at its end is the kernel's.
  const env = { ...process.env, ASAN_OPTIONS: 'exitcode=99:detect_leaks=0', UBSAN_OPTIONS: 'exitcode=99' }
  const argv = ['--mount', '--propagation', 'private', compile(), seed, String(SECONDS)]
  const done = spawnSync('unshare', argv, { encoding: 'utf8', env })
  expect([seed, done.status, done.stdout, done.stderr.slice(-3000)]).toEqual([
    seed,
    0,
    expect.stringMatching(/^tries \d{2,}, of which read to the end [1-9]/),
    expect.not.stringMatching(/Sanitizer|runtime error/),
  ])
})
