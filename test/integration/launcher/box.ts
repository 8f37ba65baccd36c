import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { buildSync } from 'esbuild'
import { seccompProgram } from '../../../src/bwrap/seccomp/filter.ts'
import { start, type Ended, type Running } from '../../support/spawn.ts'
import { as, idOf, type Who } from '../../support/who.ts'

const checkout = resolve(import.meta.dirname, '../../..')
const INIT = '/run/agentbox/init'

/** A directory with the helper and the driver that everybody may use, and boxes started from there. */
export interface Bench {
  dir: string
  helper: string
  /** Starts `node driver SPEC command…` as that user. */
  start(who: Who, command: readonly string[], options?: BoxOptions): Running
  run(who: Who, command: readonly string[], options?: BoxOptions): Promise<Ended>
  /** Runs a program that is not in a box itself, as that user. */
  shell(argv: readonly string[], who?: Who): Promise<Ended>
  /** The argv of `start`. */
  argv(who: Who, command: readonly string[], options?: BoxOptions): [string, ...string[]]
  /** The start of a command line that runs a box, for a shell script. */
  words(options?: BoxOptions): string
  remove(): void
}

export interface BoxOptions {
  /** Members of the driver's JSON file that differ. */
  spec?: Record<string, unknown>
  /** More options of bwrap. */
  bwrapArgs?: readonly string[]
  /** Not the host's. */
  ownNetwork?: boolean
  fds?: readonly number[]
  /** A program with its arguments that starts the driver. */
  through?: readonly string[]
}

export function makeBench(entry = 'test/integration/launcher/driver.ts'): Bench {
  const dir = mkdtempSync(join(tmpdir(), 'agentbox-launcher-'))
  chmodSync(dir, 0o777)
  const helper = join(dir, 'helper')
  copyFileSync(join(checkout, 'dist/agentbox-helper'), helper)
  chmodSync(helper, 0o755)
  const driver = join(dir, 'driver.mjs')
  buildSync({
    absWorkingDir: checkout,
    entryPoints: [entry],
    outfile: driver,
    bundle: true,
    platform: 'node',
    format: 'esm',
  })
  let count = 0
  const specFile = (options: BoxOptions): string => {
    const file = join(dir, `${count++}.json`)
    const spec = { ...defaults(helper, options), ...options.spec }
    writeFileSync(file, JSON.stringify(spec))
    return file
  }
  const argv: Bench['argv'] = (who, command, options = {}) =>
    as(who, [...(options.through ?? []), process.execPath, driver, specFile(options), ...command])
  const startBox: Bench['start'] = (who, command, options = {}) =>
    start({
      argv: argv(who, command, options),
      cwd: dir,
      env: { PATH: '/usr/bin:/bin' },
      fds: options.fds ?? [],
    })
  return {
    dir,
    helper,
    argv,
    start: startBox,
    run: (...args) => startBox(...args).ended,
    shell: (argv, who = 'root') =>
      start({ argv: as(who, argv), cwd: dir, env: { PATH: '/usr/bin:/bin' } }).ended,
    words: (options = {}) => `'${process.execPath}' '${driver}' '${specFile(options)}'`,
    remove: () => rmSync(dir, { recursive: true, force: true }),
  }
}

function defaults(
  helper: string,
  { bwrapArgs = [], ownNetwork = false }: BoxOptions,
): Record<string, unknown> {
  return {
    helper,
    bwrap: '/usr/bin/bwrap',
    initPath: INIT,
    env: { PATH: '/usr/bin:/bin', LANG: 'C' },
    command: [],
    data: [],
    seccomp: seccompProgram(process.arch === 'arm64' ? 'aarch64' : 'x86_64').toString('base64'),
    bwrapArgs: [
      ...['--unshare-all', '--unshare-user', '--disable-userns', '--cap-drop', 'ALL'],
      ...(ownNetwork ? [] : ['--share-net']),
      ...['--die-with-parent', '--as-pid-1', '--ro-bind', '/', '/', '--dev', '/dev', '--proc', '/proc'],
      ...['--tmpfs', '/tmp', '--tmpfs', '/run', '--ro-bind', helper, INIT, '--chdir', '/tmp'],
      ...['--tmpfs', '/run/agentbox/masks', '--remount-ro', '/run/agentbox/masks'],
      ...bwrapArgs,
    ],
  }
}

/** Shell text that runs programs at the same time, does `then` when each has said "up", and prints what they said. */
export const whenUp = (commands: readonly string[], then: string): string =>
  `out=$(mktemp -d); trap 'rm -r $out' EXIT
   ${commands.map((command, n) => `${command} > $out/${n} &`).join('\n')}
   until [ $(grep -sl up $out/* | wc -l) = ${commands.length} ]; do sleep 0.05; done
   ${then}
   wait; cat $out/*`

/** The sources of the helper with parts replaced, compiled; every part must be there. */
export function mutant(bench: Bench, name: string, changes: readonly [string, string, string][]): string {
  const sources = join(checkout, 'native')
  const copy = mkdtempSync(join(bench.dir, `${name}-`))
  for (const file of readdirSync(sources)) copyFileSync(join(sources, file), join(copy, file))
  for (const [file, from, to] of changes) {
    const text = readFileSync(join(copy, file), 'utf8')
    if (!text.includes(from)) throw new Error(`${file} does not have ${from}`)
    writeFileSync(join(copy, file), text.replaceAll(from, to))
  }
  const files = readdirSync(copy).filter((file) => file.endsWith('.c'))
  execFileSync('cc', ['-std=gnu11', '-O1', '-o', 'helper', ...files], { cwd: copy })
  chmodSync(copy, 0o755)
  return join(copy, 'helper')
}

/** Host processes of that user whose command line has the marker; zombies have none. */
export function processesWith(marker: string, who: Who): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        if (!readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(marker)) return false
        return new RegExp(`^Uid:\\s+${idOf(who)}\\s`, 'm').test(readFileSync(`/proc/${pid}/status`, 'latin1'))
      } catch {
        return false
      }
    })
}
