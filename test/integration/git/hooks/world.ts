import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
} from 'node:fs'
import { resolve } from 'node:path'
import { hookManagers } from '../../../support/hook-managers.ts'
import { makeRepo, type Repo } from '../repo.ts'

export const dist = resolve(import.meta.dirname, '../../../../dist/agentbox.cjs')

/** A repository with agentbox on PATH and its state beside it. */
export interface World extends Repo {
  state: string
  agentbox(
    cwd: string,
    args: string[],
    env?: Record<string, string>,
  ): { status: number | null; out: string; err: string }
  /** What the chained hooks wrote: one line a call. */
  log(): string
  /** The names that the stored list has masked. */
  listed(): string[]
}

export function makeWorld(): World {
  const repo = makeRepo()
  mkdirSync(`${repo.top}/bin`)
  symlinkSync(dist, `${repo.top}/bin/agentbox`)
  symlinkSync(process.execPath, `${repo.top}/bin/node`)
  Object.assign(repo.env, {
    PATH: `${repo.top}/bin:${hookManagers()}:/usr/local/bin:/usr/bin:/bin`,
    XDG_STATE_HOME: `${repo.top}/state`,
  })
  const state = `${repo.top}/state/agentbox`
  return {
    ...repo,
    state,
    agentbox: (cwd, args, env) => repo.try(cwd, [process.execPath, dist, ...args], env),
    log: () => (existsSync(`${repo.top}/log`) ? readFileSync(`${repo.top}/log`, 'utf8') : ''),
    listed() {
      const lists = `${state}/lists`
      if (!existsSync(lists)) return []
      const texts = readdirSync(lists).map((name) => readFileSync(`${lists}/${name}`, 'utf8'))
      const stored = texts.map((text) => JSON.parse(text) as { project: string; masks: { path: string }[] })
      const own = stored.filter(({ project }) => !project.endsWith('/tree') || stored.length === 1)
      return own.flatMap(({ project, masks }) => masks.map(({ path }) => path.slice(project.length + 1)))
    },
  }
}

/** Every file below the directories, with its mode and bytes. */
export function snapshot(...places: string[]): Record<string, string> {
  const out: Record<string, string> = {}
  const visit = (path: string): void => {
    const stat = lstatSync(path, { throwIfNoEntry: false })
    if (stat === undefined) return
    if (stat.isDirectory()) for (const name of readdirSync(path)) visit(`${path}/${name}`)
    else if (stat.isSymbolicLink()) out[path] = `link ${readlinkSync(path)}`
    else out[path] = `${(stat.mode & 0o777).toString(8)} ${readFileSync(path, 'latin1')}`
  }
  for (const place of places) visit(place)
  return out
}
