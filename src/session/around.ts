import type { Programs } from '../git/hooks/names.ts'
import { hookPlace } from '../git/hooks/place.ts'
import { hookStates, type HookState } from '../git/hooks/state.ts'
import { verified } from '../git/repository.ts'
import { lstatOf } from '../host/files.ts'
import { isWithin } from '../host/paths.ts'
import { unboxedAgents } from '../host/unboxed.ts'
import { agents } from '../policy/agents/index.ts'
import { shells } from '../shells/index.ts'
import { withoutLine } from '../shells/line.ts'
import { readStartFile } from '../shells/start-files.ts'
import type { Situation } from './situation.ts'

/** What leads agents into the box or past it: for `status`. Reads only. */

export interface ShellState {
  shims: 'first' | 'late' | 'missing'
  activated: { shell: string; activated: boolean }[]
}

export interface HooksState {
  manager: string | undefined
  states: HookState[]
}

export interface HookSource {
  programs: Programs
  /** The script that hooks are made from. */
  template: string
}

/** Where a shell that looks for an agent by name would find it, and whether new shells would. */
export function shellOf({ env, dirs, facts }: Situation): ShellState {
  const own = `${dirs.data}/shims`
  const names = agents.flatMap(({ commands }) => commands)
  const holding = (env['PATH'] ?? '')
    .split(':')
    .filter((dir) => dir.startsWith('/') && names.some((name) => lstatOf(`${dir}/${name}`) !== undefined))
  const shims = holding[0] === own ? 'first' : holding.includes(own) ? 'late' : 'missing'
  const exists = (path: string): boolean => lstatOf(path) !== undefined
  const activated = shells.flatMap((shell) => {
    const files = shell.startFiles({ home: facts.home, env, exists }).map(({ path }) => path)
    if (!files.some(exists) && !(env['SHELL'] ?? '').endsWith(`/${shell.name}`)) return []
    return [{ shell: shell.name, activated: files.some(hasLine) }]
  })
  return { shims, activated }
}

function hasLine(path: string): boolean {
  try {
    const text = readStartFile(path)
    return text !== undefined && withoutLine(text) !== text
  } catch {
    return false
  }
}

export async function hooksOf(
  { project, env }: Situation,
  { programs, template }: HookSource,
): Promise<HooksState | undefined> {
  if (verified(project.repository) === undefined) return undefined
  try {
    const place = await hookPlace(project.root, env)
    if (place === undefined) return undefined
    const states = await hookStates(place, template, programs)
    return { manager: place.manager?.kind, states }
  } catch {
    return undefined
  }
}

/** Agents in the project that no box holds, as warnings. */
export function unboxedIn(root: string, state: string): string[] {
  return unboxedAgents(state)
    .filter(({ cwd }) => isWithin(cwd, root))
    .map(
      ({ pid, agent }) => `${agent} (process ${pid}) runs here without a box: agentbox doctor unboxed shells`,
    )
}
