import { isatty } from 'node:tty'
import type { Approvals } from '../config/grants.ts'
import { readRegular } from '../host/files.ts'
import { statFields } from '../host/processes.ts'
import { boxText } from '../ui/box.ts'
import { counted, requestText, type Request } from '../ui/grants.ts'
import { restrictionWords } from '../ui/restrictions.ts'
import type { Answer } from './ask.ts'
import { grantsOf, type Grants } from './grants.ts'
import { refuseGrants, type CommandRequest } from './prepare.ts'
import { redecided } from './redecide.ts'
import type { Situation } from './situation.ts'
import { grantedPaths } from './survey.ts'

/**
 * Settles what a repository asks for before a launch: approved, asked for now on the terminal, or refused.
 * The policy that comes back is of the very bytes that were shown. Fails with `grants-unapproved`.
 */
export async function consent(
  situation: Situation,
  request: CommandRequest,
): Promise<{ situation: Situation; withoutGrants: boolean }> {
  const { withoutGrants } = request
  const { pending } = grantsOf(situation.loaded)
  if (withoutGrants || pending.length === 0) return { situation, withoutGrants }
  const denied = pending.some(
    ({ under, file }) => situation.trust.recordOf(under ?? file)?.denied !== undefined,
  )
  if (denied || !onTerminal()) return refuseGrants(situation, pending, request)
  switch (await askFor(situation, true)) {
    case 'yes':
      return { situation: approve(situation), withoutGrants }
    case 'without':
      return { situation, withoutGrants: true }
    case 'no':
      return refuseGrants(situation, pending, request)
  }
}

/** Asks on the terminal about all that is pending. Fails with what no approval could make valid. */
export async function askFor(situation: Situation, launch: boolean): Promise<Answer> {
  const { project, facts } = situation
  const wide = withAll(situation)
  const request = requestOf(situation)
  const { ask } = await import('./ask.ts')
  return ask({
    text: requestText(request),
    ask: `Allow ${these(request.pending.length)} for this exact file?`,
    without: launch,
    box: () => boxText(wide.policy, project.root, facts.home),
  })
}

function these(count: number): string {
  return count === 1 ? 'this grant' : `these ${counted(count, 'grant')}`
}

export function requestOf(situation: Situation): Request {
  const { project, facts, env, policy, loaded } = situation
  const isSet = (name: string): boolean =>
    name.endsWith('*')
      ? Object.keys(env).some((set) => set.startsWith(name.slice(0, -1)))
      : env[name] !== undefined
  return {
    ...grantsOf(loaded),
    project: project.root,
    home: facts.home,
    restrictions: restrictionWords(policy, project.root),
    isSet,
  }
}

const everything: Approvals = { approver: () => 'approval' }

/** As it would be with all grants; fails where one of them leads beyond the ceiling by a link. */
export function withAll(situation: Situation): Situation {
  const loaded = situation.loaded.decide(everything)
  const wide = redecided(situation, loaded)
  grantedPaths(wide)
  return wide
}

/** Records what was read and shown, for each policy file that asks for something or was denied. */
export function approve(situation: Situation): Situation {
  const { loaded, trust } = situation
  const grants = grantsOf(loaded)
  for (const { path, sha256As } of loaded.units) {
    const asked = grantsIn(grants, path)
    if (asked.length === 0 && trust.recordOf(path) === undefined) continue
    trust.approve({ path, sha256: sha256As(path), grants: asked })
  }
  const after = loaded.decide(loaded.approvals)
  return redecided(situation, after)
}

/** What the user's configuration approves anyway is not kept as if it had been asked for. */
function grantsIn({ pending, approved }: Grants, path: string): Grants['pending'] {
  const kept = approved.filter(({ by }) => by === 'approval' || by === 'worktree')
  return [...kept, ...pending].filter(({ under, file }) => (under ?? file) === path)
}

/** In the background a question would stop the whole job. */
export function onTerminal(): boolean {
  if (!isatty(0) || !isatty(2)) return false
  const [, , group, , , foreground] = statFields(
    readRegular('/proc/self/stat', 4096)?.toString('latin1') ?? '',
  )
  return group !== undefined && group === foreground
}
