import { lstatOf, namesIn, readThroughLinks, realpathOf } from '../host/files.ts'
import { isWithin } from '../host/paths.ts'
import type { Executable } from '../plan/program.ts'
import type { AgentFile } from '../plan/stages.ts'
import { agents, profileOf } from '../policy/agents/index.ts'
import { lead, leadBySystem } from '../policy/agents/lead.ts'
import { overlay } from '../policy/agents/overlay.ts'
import { hostPathOf, relocate } from '../policy/agents/relocate.ts'
import type { AgentProfile } from '../policy/agents/types.ts'
import { filesNamedBy } from './certificates.ts'
import type { PrivateHome } from './home.ts'
import type { Situation } from './situation.ts'

/** As this user has it, led to where its keys are added. */
export function profileFor({ name }: Executable, situation: Situation): AgentProfile {
  const { policy, facts } = situation
  const led = leadBySystem(relocated(profileOf(name), situation), policy)
  return overlay(lead(led, policy, facts.home, ownText), ownText)
}

function relocated(profile: AgentProfile, { env, facts, project }: Situation): AgentProfile {
  const real = (path: string): string => realpathOf(path) ?? path
  return relocate(profile, env, { home: facts.home, project: project.root, real })
}

function ownText(path: string): string | undefined {
  return readThroughLinks(path, 1024 * 1024)?.toString('utf8')
}

/** Existing files of the profile, of an administrator's, and what variables name beside it. */
export function agentFiles(profile: AgentProfile, situation: Situation): AgentFile[] {
  const { home } = situation.facts
  const own = profile.readonly
    .flatMap((entry) => {
      const [path = '', ending] = entry.split('/*')
      const [source, dest] = [hostPathOf(profile, path, home), `${home}/${path}`]
      if (ending === undefined) return [{ source, dest }]
      const names = namesIn(source).filter((name) => name.endsWith(ending))
      return names.map((name) => ({ source: `${source}/${name}`, dest: `${dest}/${name}` }))
    })
    .filter(({ source }) => realpathOf(source) !== undefined)
  const taken = new Set(own.map(({ dest }) => dest))
  const named = filesNamedBy(profile.files ?? [], situation).filter((path) => !taken.has(path))
  return [
    ...own.map((file): AgentFile => ({ whose: 'your', ...file })),
    ...named.map((path): AgentFile => ({ whose: 'your', source: path, dest: path })),
    ...systemFiles(profile).map((path): AgentFile => ({
      whose: "the administrator's",
      source: path,
      dest: path,
    })),
  ]
}

/** What an administrator has for the agent, but for what the box puts there itself. */
function systemFiles({ system, managed }: AgentProfile): string[] {
  const own = Object.keys(managed)
  // A directory in which the box has a file of its own is shown entry by entry.
  const below = (path: string): string[] => {
    if (own.includes(path) || realpathOf(path) === undefined) return []
    if (!own.some((file) => isWithin(file, path))) return [path]
    return namesIn(path).flatMap((name) => below(`${path}/${name}`))
  }
  return system === undefined ? [] : below(system)
}

/** The home is the repository's, for whichever agent; what one logged in with is not the others' to read. */
export function otherLogins(
  { name }: AgentProfile,
  home: PrivateHome | undefined,
  situation: Situation,
): string[] {
  if (home === undefined) return []
  return agents
    .filter((agent) => agent.name !== name)
    .flatMap((agent) => [...agent.synced, ...relocated(agent, situation).synced])
    .filter((path) => lstatOf(`${home.home}/${path}`)?.isFile() === true)
    .map((path) => `${situation.facts.home}/${path}`)
}

/** What the user may wonder about. */
export function unfollowed({ name, moves = [], unpassed = [], sources = {} }: AgentProfile): string[] {
  return moves
    .filter(({ variable, dir }) => unpassed.includes(variable) && !(dir in sources))
    .map(({ variable }) => `${variable} is not followed: ${name} has a directory of its own in the box`)
}
