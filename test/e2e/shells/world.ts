import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { openSession, type Session } from '../../support/pty.ts'

const checkout = path.resolve(import.meta.dirname, '../../..')

/**
 * A home with agentbox installed and shells activated, an agent outside PATH's first places, a boxed
 * repository and a plain directory. What stands in for agentbox's node notes "boxed" where a box would be
 * made, without making one; the agent itself notes "bare".
 */
export interface World {
  base: string
  home: string
  /** Where the real `claude` is. */
  bin: string
  shims: string
  repo: string
  outside: string
  env: Record<string, string>
  /** Lines of `TAG boxed|bare`. */
  out: string
  agentbox(...args: string[]): { status: number | null; stdout: string; stderr: string }
  write(place: string, text: string, mode?: number): string
  read(place: string): string
  notes(): Record<string, string>
  remove(): void
}

export type ShellName = 'bash' | 'zsh' | 'fish'
export const SHELLS: readonly ShellName[] = ['bash', 'zsh', 'fish']

export const RC: Record<ShellName, string> = {
  bash: 'home/.bashrc',
  zsh: 'home/.zshrc',
  fish: 'home/.config/fish/config.fish',
}

export function makeWorld(): World {
  const base = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'agentbox-shells-')))
  const at = (place: string): string => path.join(base, place)
  const home = at('home')
  const write = (place: string, text: string, mode = 0o644): string => {
    fs.mkdirSync(path.dirname(at(place)), { recursive: true })
    fs.writeFileSync(at(place), text, { mode })
    return at(place)
  }
  for (const dir of ['home', 'repo/sub dir/deep', 'outside', 'app'])
    fs.mkdirSync(at(dir), { recursive: true })
  for (const part of ['dist', 'shell']) fs.symlinkSync(path.join(checkout, part), at(`app/${part}`))
  write('repo/.agentboxrc', 'version: 1\n')
  const out = at('out')
  write('bin/claude', `#!/bin/sh\nprintf '%s bare\\n' "$1" >>'${out}'\n`, 0o755)
  const env = {
    HOME: home,
    PATH: `${at('bin')}:/usr/local/bin:/usr/bin:/bin`,
    TERM: 'xterm',
    LANG: 'C.UTF-8',
  }
  const agentbox: World['agentbox'] = (...args) => {
    const argv = [path.join(checkout, 'dist/agentbox.cjs'), ...args]
    const { status, stdout, stderr } = spawnSync(process.execPath, argv, {
      cwd: home,
      env: { ...env, SHELL: '/bin/bash' },
      encoding: 'latin1',
    })
    return { status, stdout, stderr }
  }
  return {
    ...{ base, home, out, env, write, agentbox },
    bin: at('bin'),
    shims: path.join(home, '.local/share/agentbox/shims'),
    repo: at('repo'),
    outside: at('outside'),
    read: (place) => fs.readFileSync(at(place), 'latin1'),
    notes() {
      const lines = fs.existsSync(out) ? fs.readFileSync(out, 'utf8').trimEnd().split('\n') : []
      return Object.fromEntries(lines.map((line) => line.split(' ') as [string, string]))
    },
    remove: () => fs.rmSync(base, { recursive: true, force: true }),
  }
}

/** Puts the recorder in the place of the node that the shims start agentbox with. */
export function record(world: World): void {
  const text = `#!/bin/sh
[ "$2" = run ] || exec '${process.execPath}' "$@"
shift 6
printf '%s boxed\\n' "$1" >>'${world.out}'
`
  const node = world.write('node', text, 0o755)
  fs.rmSync(path.join(world.shims, '.node'), { force: true })
  fs.symlinkSync(node, path.join(world.shims, '.node'))
}

export function activated(world: World): World {
  const { status, stderr } = world.agentbox('activate', '--write', ...SHELLS)
  if (status !== 0) throw new Error(stderr)
  record(world)
  return world
}

export const interactive = (world: World, shell: string, env: Record<string, string> = {}): Session =>
  openSession({ argv: [shell, '-i'], cwd: world.outside, env: { ...world.env, ...env } })
