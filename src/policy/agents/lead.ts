import { leadingFiles, ledTo, PLACEHOLDER } from '../credential-env.ts'
import { isWithin } from '../../host/paths.ts'
import type { Policy } from '../types.ts'
import { hostPathOf } from './relocate.ts'
import type { AgentProfile } from './types.ts'

type Json = Record<string, unknown>

/** The profile with the files of the system's that lead it to its keys: the administrator may have the same ones. */
export function leadBySystem(profile: AgentProfile, policy: Policy): AgentProfile {
  const { system } = profile
  const files = Object.entries(leadingFiles(policy)).filter(
    ([path]) => system !== undefined && isWithin(path, system),
  )
  return files.length === 0
    ? profile
    : { ...profile, managed: { ...profile.managed, ...Object.fromEntries(files) } }
}

/**
 * The profile of an agent that takes base URLs from a file and from no variable: where a host has a credential, the
 * box gets that file with the host's URLs led to where the key is added. `read` has the user's own text. A file that
 * the agent could not read either stays as it is. Pure.
 */
export function lead(
  profile: AgentProfile,
  policy: Policy,
  home: string,
  read: (path: string) => string | undefined,
): AgentProfile {
  const { bases } = profile
  if (bases === undefined || policy.credentials.length === 0 || policy.network.mode.value !== 'allow')
    return profile
  const path = `${home}/${bases.path}`
  const text = read(hostPathOf(profile, bases.path, home))
  const own = parsed(text ?? '{}')
  if (own === undefined) return profile
  const builtIn = Object.entries(bases.builtIn)
    .filter(([, url]) => ledTo(url, policy) !== undefined)
    .map(([name, baseUrl]): [string, Json] => [name, { baseUrl }])
  const providers = { ...Object.fromEntries(builtIn), ...asObject(own['providers']) }
  for (const [name, given] of builtIn) providers[name] = { ...given, ...asObject(providers[name]) }
  const content = `${JSON.stringify({ ...own, providers: ledWithin(providers, policy) }, null, 2)}\n`
  return {
    ...profile,
    readonly: profile.readonly.filter((path) => path !== bases.path),
    led: { path, content, own: text !== undefined },
  }
}

/** A key beside a URL that is led elsewhere is needed no more, wherever it comes from. */
function ledWithin(value: unknown, policy: Policy): unknown {
  if (Array.isArray(value)) return value.map((one) => ledWithin(one, policy))
  const object = asObject(value)
  if (object === undefined) return value
  const url = object['baseUrl']
  const base = typeof url === 'string' ? ledTo(url, policy) : undefined
  const inner = Object.fromEntries(Object.entries(object).map(([key, one]) => [key, ledWithin(one, policy)]))
  if (base === undefined) return inner
  return { ...inner, baseUrl: base, ...('apiKey' in object ? { apiKey: PLACEHOLDER } : {}) }
}

/** As pi reads it: line comments and commas before a closing bracket may be there. */
function withoutComments(text: string): string {
  return text
    .replaceAll(/("(?:\\.|[^"\\])*")|\/\/[^\n]*/g, (_, kept: string | undefined) => kept ?? '')
    .replaceAll(/("(?:\\.|[^"\\])*")|,(?=\s*[}\]])/g, (_, kept: string | undefined) => kept ?? '')
}

function parsed(text: string): Json | undefined {
  try {
    return asObject(JSON.parse(withoutComments(text)))
  } catch {
    return undefined
  }
}

function asObject(value: unknown): Json | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined
}
