import { chownSync, copyFileSync, cpSync, lstatSync, mkdirSync, mkdtempSync, readdirSync } from 'node:fs'
import { chmodSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fsPath } from '../../src/host/bytes.ts'
import { must, run, start, type Ended, type Running, type SpawnInput } from './spawn.ts'
import { as, idOf, reachable, requireRoot, type Who } from './who.ts'

const checkout = resolve(import.meta.dirname, '../..')

/** A throw-away home with agentbox installed next to it. */
export interface TestHome {
  who: Who
  /** Holds everything; not below /tmp or /var/tmp, of which the box has its own. */
  base: string
  home: string
  agentbox: string
  node: string
  /** The user's environment: nothing of the one that the tests run in. */
  env: Record<string, string>
  /** Writes a file of this user's, with the directories above it. Paths may be surrogate-escaped. */
  write(path: string, content: string | Buffer, mode?: number): void
  /** Makes a directory of this user's. */
  dir(path: string, mode?: number): void
  /** Runs a program outside of any box, as this user. */
  bare(argv: readonly string[], options?: Options): Promise<Ended>
  /** Runs a program as root whoever the user is, with the user's environment. */
  root(argv: readonly string[], options?: Options): Promise<Ended>
  /** The same as `bare`; it must succeed. Returns what it printed. */
  must(argv: readonly string[], options?: Options): Promise<string>
  /** Runs agentbox with these arguments, as this user. */
  launch(args: readonly string[], options?: Options): Running
  remove(): void
}

export type Options = Partial<Omit<SpawnInput, 'argv'>>

/** The caller removes it, also when the tests fail. */
export function makeHome(who: Who): TestHome {
  requireRoot()
  const base = mkdtempSync('/var/lib/agentbox-test-')
  chmodSync(base, 0o755)
  const home = join(base, 'home')
  const own = (path: string): void => chownSync(fsPath(path), idOf(who), idOf(who))
  const dir = (path: string, mode = 0o755): void => {
    if (lstatSync(fsPath(path), { throwIfNoEntry: false }) !== undefined) return
    if (dirname(path) !== base) dir(dirname(path))
    mkdirSync(fsPath(path), { mode })
    chmodSync(fsPath(path), mode)
    own(path)
  }
  dir(home)
  const node = installNode(base, home)
  const env = {
    HOME: home,
    PATH: [...new Set([dirname(node), '/usr/local/bin', '/usr/bin', '/bin'])].join(':'),
    LANG: 'C.UTF-8',
    TERM: 'dumb',
  }
  const agentbox = install(base)
  const input = (argv: readonly string[], options: Options = {}): SpawnInput => ({
    argv: as(who, argv),
    cwd: home,
    ...options,
    env: { ...env, ...options.env },
  })
  return {
    who,
    base,
    home,
    agentbox,
    node,
    env,
    dir,
    write(path, content, mode = 0o644) {
      dir(dirname(path))
      writeFileSync(fsPath(path), content, { mode })
      chmodSync(fsPath(path), mode)
      own(path)
    },
    bare: (argv, options) => run(input(argv, options)),
    root: (argv, options) => run({ ...input(argv, options), argv: as('root', argv) }),
    must: (argv, options) => must(input(argv, options)),
    launch: (args, options) => start(input([node, agentbox, ...args], options)),
    // A shell that has just ended may still write its history.
    remove: () => rmSync(base, { recursive: true, force: true, maxRetries: 10 }),
  }
}

/** What a package has of it: the checkout may be closed to others. */
function install(base: string): string {
  const app = join(base, 'app')
  mkdirSync(app, { mode: 0o755 })
  for (const name of ['dist', 'shell', 'hooks'])
    cpSync(join(checkout, name), join(app, name), { recursive: true })
  openToAll(app)
  return join(app, 'dist/agentbox.cjs')
}

function openToAll(path: string): void {
  const stat = lstatSync(path)
  if (stat.isSymbolicLink()) return
  chmodSync(path, stat.isDirectory() || (stat.mode & 0o100) !== 0 ? 0o755 : 0o644)
  if (stat.isDirectory()) for (const name of readdirSync(path)) openToAll(join(path, name))
}

/** This very Node where the box shows it and everybody may use it; else a copy, as a version manager has it. */
function installNode(base: string, home: string): string {
  const node = realpathSync(process.execPath)
  if (/^\/usr\/(local\/)?bin\//.test(node) && reachable(node)) return node
  const copy = join(home, '.nvm/versions/node/test/bin/node')
  mkdirSync(dirname(copy), { recursive: true })
  copyFileSync(node, copy)
  openToAll(join(base, 'home/.nvm'))
  return copy
}
