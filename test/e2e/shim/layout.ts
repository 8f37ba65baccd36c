import { execFileSync, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'

/** An installation of agentbox with a recorder in its place, a shim, a real program and a project. */
export interface Layout {
  root: string
  home: string
  shims: string
  bin: string
  nodeBin: string
  /** A plain directory; nothing above it is a policy or a repository. */
  project: string
  pkg: string
}

const SHIM = path.resolve(import.meta.dirname, '../../../shell/shim.sh')

// Prints what it got, and nothing of it can be mistaken for a shell's own output.
const REAL = `#!/bin/sh
printf 'REAL\\0'
for argument; do printf '%s\\0' "$argument"; done
exit "\${AGENT_EXIT:-0}"
`
const RECORDER = `const { argv, env } = process
process.stdout.write('BOX\\0' + [...argv.slice(2)].map((text) => text + '\\0').join(''))
process.exitCode = Number(env.AGENT_EXIT ?? 0)
`

export function makeLayout(): Layout {
  const root = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'agentbox-shim-')))
  fs.chmodSync(root, 0o755)
  const at = (name: string): string => path.join(root, name)
  const layout = {
    root,
    home: at('home'),
    shims: at('shims'),
    bin: at('bin'),
    nodeBin: at('node bin'),
    project: at('work/project'),
    pkg: at('pkg'),
  }
  for (const dir of [layout.home, layout.shims, layout.nodeBin, layout.project]) {
    fs.mkdirSync(dir, { recursive: true })
  }
  install(layout.pkg, layout.shims)
  program(layout.bin, 'claude', REAL)
  fs.symlinkSync(process.execPath, path.join(layout.nodeBin, 'node'))
  return layout
}

/** Puts a copy of the package somewhere and links `claude` in `shims` to its shim. */
export function install(pkg: string, shims: string): void {
  fs.mkdirSync(path.join(pkg, 'shell'), { recursive: true })
  fs.mkdirSync(shims, { recursive: true })
  fs.copyFileSync(SHIM, path.join(pkg, 'shell/shim.sh'))
  fs.chmodSync(path.join(pkg, 'shell/shim.sh'), 0o755)
  program(path.join(pkg, 'dist'), 'agentbox.cjs', RECORDER)
  fs.symlinkSync(path.join(pkg, 'shell/shim.sh'), path.join(shims, 'claude'))
}

export function program(dir: string, name: string, text: string): string {
  fs.mkdirSync(dir, { recursive: true })
  fs.writeFileSync(path.join(dir, name), text, { mode: 0o755 })
  return path.join(dir, name)
}

export const realProgram = (dir: string): string => program(dir, 'claude', REAL)

const resolved = new Map<string, string>()
function absolute(shell: string): string {
  const known = resolved.get(shell)
  if (known !== undefined) return known
  const found = execFileSync('sh', ['-c', 'command -v "$1"', 'sh', shell], { encoding: 'utf8' }).trim()
  resolved.set(shell, found)
  return found
}

/** How each shell is told to call `claude` with the arguments that follow. */
export const SHELLS = {
  dash: ['-c', 'claude "$@"', 'dash'],
  bash: ['--norc', '-c', 'claude "$@"', 'bash'],
  zsh: ['-f', '-c', 'claude "$@"', 'zsh'],
  fish: ['--no-config', '-c', 'claude $argv'],
}
export type Shell = keyof typeof SHELLS

export interface Call {
  shell?: Shell
  args?: string[]
  cwd?: string | undefined
  /** PATH, joined; the default is shims, bin, node. */
  path?: string[]
  env?: Record<string, string>
  /** A script for dash instead of the plain call. */
  script?: string
  /** As this uid, if we are root. */
  uid?: number | undefined
}

export interface Outcome {
  /** `REAL` or `BOX` and the arguments that it got; empty if nothing was started. */
  got: string[]
  status: number | null
  stderr: string
}

export function callShim(layout: Layout, call: Call = {}): Outcome {
  const { shell = 'dash', args = [], env = {}, script, uid } = call
  const argv =
    script === undefined ? [absolute(shell), ...SHELLS[shell], ...args] : [absolute('dash'), '-c', script]
  const as = uid === undefined ? [] : [absolute('setpriv'), `--reuid=${uid}`, '--clear-groups', '--']
  const [command, ...rest] = [...as, ...argv]
  const { status, stdout, stderr } = spawnSync(command!, rest, {
    cwd: call.cwd ?? layout.project,
    env: { HOME: layout.home, PATH: searchPath(layout, call.path), ...env },
    encoding: 'latin1',
    timeout: 60_000,
  })
  return { got: stdout.split('\0').slice(0, -1), status, stderr }
}

export const searchPath = (layout: Layout, dirs?: string[]): string =>
  (dirs ?? [layout.shims, layout.bin, layout.nodeBin]).join(':')

/** What the recorder is called with for `claude ARGS` where `real` is the program found. */
export const boxed = (layout: Layout, args: string[] = [], real = `${layout.bin}/claude`): string[] => [
  'BOX',
  'run',
  '--as',
  'claude',
  '--',
  real,
  ...args,
]
