import { lstatSync, readdirSync, renameSync, rmdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { makeDirs } from '../host/make-dirs.ts'
import { fail } from '../errors.ts'
import { linkTarget, readRegular, realpathOf } from '../host/files.ts'
import { agents } from '../policy/agents/index.ts'
import type { Policy } from '../policy/types.ts'

/** What `agentbox shims install` puts under the data directory, all of it links into the package. */
export interface Installation {
  /** `<data>/agentbox`. */
  data: string
  /** First in PATH. */
  shims: string
  /** The package's directory of shell scripts. */
  scripts: string
}

export const SCRIPTS = ['activate.sh', 'activate.bash', 'activate.zsh', 'activate.fish'] as const

export function installationAt(data: string, dist: string): Installation {
  return { data, shims: `${data}/shims`, scripts: `${realpathOf(dirname(dist)) ?? dirname(dist)}/shell` }
}

/** Every known agent and what the user adds. */
export function wantedNames({ shims }: Policy): string[] {
  return [...new Set([...agents.flatMap(({ commands }) => commands), ...shims.map(({ value }) => value)])]
}

/**
 * A shim for each name, and what the scripts of the shells need: links to this node and to agentbox (one
 * that is looked for in PATH could be a repository's), and the list of the names.
 */
export function install(
  { data, shims, scripts }: Installation,
  names: readonly string[],
  main: string,
): void {
  const shim = realpathOf(`${scripts}/shim.sh`)
  if (shim === undefined)
    return fail({ code: 'io', action: 'find', path: 'shell/shim.sh', reason: 'this installation has none' })
  makeDirs(shims, 0o700)
  for (const name of names) link(`${shims}/${name}`, shim)
  for (const name of installed(shims, shim)) if (!names.includes(name)) rmSync(`${shims}/${name}`)
  link(`${shims}/.node`, process.execPath)
  link(`${shims}/.agentbox`, main)
  link(`${data}/agentbox-wrap`, shim)
  for (const name of SCRIPTS) link(`${data}/${name}`, `${scripts}/${name}`)
  const list = `${shims}/.names`
  writeFileSync(`${list}.${process.pid}`, names.map((name) => `${name}\n`).join(''), { mode: 0o600 })
  renameSync(`${list}.${process.pid}`, list)
}

function link(place: string, target: string): void {
  if (linkTarget(place) === target) return
  const stat = lstatSync(place, { throwIfNoEntry: false })
  if (stat !== undefined && !stat.isSymbolicLink()) {
    fail({ code: 'io', action: 'replace', path: place, reason: 'it is not a link of agentbox' })
  }
  rmSync(place, { force: true })
  symlinkSync(target, place)
}

/** Shims are links to our script, of this installation or an earlier one; anything else is not ours. */
function installed(shims: string, shim: string): string[] {
  try {
    return readdirSync(shims).filter((name) => {
      const target = linkTarget(`${shims}/${name}`)
      return (
        target !== undefined &&
        !name.startsWith('.') &&
        (target === shim || target.endsWith('/shell/shim.sh'))
      )
    })
  } catch {
    return []
  }
}

export function shimNames({ shims, scripts }: Installation): string[] {
  return installed(shims, realpathOf(`${scripts}/shim.sh`) ?? '').toSorted()
}

/** Returns the names of the shims that there were. */
export function uninstall(installation: Installation): string[] {
  const { data, shims } = installation
  const names = shimNames(installation)
  const links = [
    ...[...names, '.node', '.agentbox'].map((name) => `${shims}/${name}`),
    ...['agentbox-wrap', ...SCRIPTS].map((name) => `${data}/${name}`),
  ]
  for (const path of links) if (linkTarget(path) !== undefined) rmSync(path)
  if (readRegular(`${shims}/.names`, 2 ** 20) !== undefined) rmSync(`${shims}/.names`)
  for (const dir of [shims, data]) removeEmpty(dir)
  return names
}

/** What else somebody keeps there stays. */
function removeEmpty(dir: string): void {
  try {
    rmdirSync(dir)
  } catch {
    // Not empty, or not there.
  }
}
