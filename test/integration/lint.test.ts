import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

const project = resolve(import.meta.dirname, '../..')
const long = (lines: number) => Array.from({ length: lines }, (_, i) => `  f(${i})`).join('\n')

/** File in a throw-away tree, what is in it, and the rule that must catch it (none: it is in order). */
const cases: [file: string, text: string, rule: string | undefined][] = [
  ['src/plan/a.ts', "import { readFileSync } from 'node:fs'\nreadFileSync('x')\n", 'no-restricted-imports'],
  ['src/policy/a.ts', "import { spawn } from 'child_process'\nspawn('x')\n", 'no-restricted-imports'],
  ['src/policy/agents/a.ts', "import { b } from '../../session/b.ts'\nb()\n", 'no-restricted-imports'],
  ['src/bwrap/a.ts', "import { b } from '../ui/b.ts'\nb()\n", 'no-restricted-imports'],
  ['src/masks/redact.ts', "import { b } from '../host/files.ts'\nb()\n", 'no-restricted-imports'],
  ['src/masks/types.ts', "export { readFileSync } from 'node:fs'\n", 'no-restricted-imports'],
  ['src/config/layers.ts', "import { hostname } from 'node:os'\nhostname()\n", 'no-restricted-imports'],
  [
    'src/network/rules/decide.ts',
    "import { connect } from 'node:net'\nconnect(1)\n",
    'no-restricted-imports',
  ],
  ['src/plan/b.ts', 'export const home = process.env.HOME\n', 'no-restricted-globals'],
  ['src/host/a.ts', "import { b } from '../session/b.ts'\nb()\n", 'no-restricted-imports'],
  ['src/masks/scan.ts', "import { b } from '../ui/b.ts'\nb()\n", 'no-restricted-imports'],
  ['src/session/a.ts', "import { b } from '../commands/b.ts'\nb()\n", 'no-restricted-imports'],
  ['src/commands/a.ts', "import { b } from '../cli.ts'\nb()\n", 'no-restricted-imports'],
  ['src/ui/a.ts', "import { b } from '../session/b.ts'\nb()\n", 'no-restricted-imports'],
  ['src/ui/b.ts', "import { b } from 'node:child_process'\nb()\n", 'no-restricted-imports'],
  ['src/session/c.ts', 'export const stop = () => process.exit(1)\n', 'no-process-exit'],
  ['src/host/b.ts', 'export const a = (b: any) => b\n', 'no-explicit-any'],
  [
    'src/host/c.ts',
    `export function a(f: (n: number) => void) {\n${long(61)}\n}\n`,
    'max-lines-per-function',
  ],
  ['src/host/d.ts', `declare const f: (n: number) => void\n${long(251)}\n`, 'max-lines'],
  ['src/host/e.ts', 'const f = async () => 1\nf()\n', 'no-floating-promises'],
  [
    'src/host/f.ts',
    "export function a(b: 'x' | 'y') {\n  switch (b) {\n    case 'x':\n      return 1\n  }\n}\n",
    'switch-exhaustiveness-check',
  ],
  ['src/bwrap/ok.ts', "import { shown } from '../ui/escape.ts'\nshown()\n", undefined],
  ['src/commands/ok.ts', "import { run } from '../session/run.ts'\nrun()\n", undefined],
  ['src/plan/ok.ts', "import type { B } from '../host/facts.ts'\nexport type A = B\n", undefined],
  ['src/plan/ok2.ts', "import { join } from 'node:path/posix'\njoin('x')\n", undefined],
  ['src/host/ok.ts', "import { readFileSync } from 'node:fs'\nreadFileSync('x')\n", undefined],
  ['src/cli.ts', "import { b } from './commands/b.ts'\nb()\nprocess.exit(1)\n", undefined],
]

let dir: string
let found: { file: string; rule: string }[]

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'agentbox-lint-'))
  for (const name of ['.oxlintrc.json', 'tsconfig.json', 'package.json'])
    copyFileSync(join(project, name), join(dir, name))
  symlinkSync(join(project, 'node_modules'), join(dir, 'node_modules'))
  for (const [file, text] of cases) {
    mkdirSync(dirname(join(dir, file)), { recursive: true })
    writeFileSync(join(dir, file), text)
  }
  const oxlint = join(project, 'node_modules/.bin/oxlint')
  const done = spawnSync(oxlint, ['--type-aware', '--format=json', 'src'], { cwd: dir, encoding: 'utf8' })
  const { diagnostics } = JSON.parse(done.stdout) as { diagnostics: { filename: string; code: string }[] }
  found = diagnostics.map(({ filename, code }) => ({ file: filename, rule: code }))
  expect(done.status).toBe(1)
})

afterAll(() => rmSync(dir, { recursive: true }))

test.each(cases)('%s', (file, _text, rule) => {
  const rules = found.filter((finding) => finding.file === file).map((finding) => finding.rule)
  if (rule === undefined) expect(rules).toEqual([])
  else expect(rules.join(' ')).toContain(`(${rule})`)
})
