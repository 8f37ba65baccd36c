import { CREDENTIAL_PORT } from '../network/places.ts'
import type { Credential, Policy } from './types.ts'

/** How clients of a host that has a credential are led to it, and given a key that is none. Pure. */

type Variables = Readonly<Record<string, string | undefined>>

/** Worth nothing anywhere: the real key is added outside the box. */
export const PLACEHOLDER = 'agentbox-placeholder'

/** How clients of well-known hosts are told another base and given a key; by host. */
const CLIENTS: Readonly<Record<string, { base: string; path: string; keys: readonly string[] }>> = {
  'api.anthropic.com': {
    base: 'ANTHROPIC_BASE_URL',
    path: '',
    keys: ['ANTHROPIC_API_KEY', 'ANTHROPIC_AUTH_TOKEN'],
  },
  'api.openai.com': { base: 'OPENAI_BASE_URL', path: '/v1', keys: ['OPENAI_API_KEY', 'CODEX_API_KEY'] },
  'generativelanguage.googleapis.com': {
    base: 'GOOGLE_GEMINI_BASE_URL',
    path: '',
    keys: ['GEMINI_API_KEY', 'GOOGLE_API_KEY'],
  },
}

/** What else a client takes as its key where `PREFIX_BASE_URL` says its base. */
const BESIDE_BASE = ['API_KEY', 'API_KEY_COMMAND', 'AUTH_TOKEN', 'BEARER_TOKEN']

/** The base URL of the n-th credential, inside the box. */
function credentialBase(index: number): string {
  return `http://127.0.0.1:${CREDENTIAL_PORT + index}`
}

/** Where a URL of the user's leads in the box, if it is one of a host that has a credential. */
export function ledTo(url: string, { credentials, network }: Policy): string | undefined {
  if (network.mode.value !== 'allow') return undefined
  const index = credentialOf(url, credentials)
  return index < 0 ? undefined : credentialBase(index) + url.replace(/^https:\/\/[^/]*/i, '')
}

function credentialOf(url: string, credentials: Policy['credentials']): number {
  const place = /^https:\/\/([^/?#@\s]+)(?:\/[^?#\s]*)?$/i.exec(url)?.[1]?.toLowerCase().replace(/:443$/, '')
  return credentials.findIndex(({ value: { host } }) => host.toLowerCase().replace(/:443$/, '') === place)
}

/** `passed`: what the user has set and this box gets. */
export function credentialsEnv(policy: Policy, passed: Variables): Record<string, string> {
  const known = policy.credentials.map(({ value }, index) => credentialEnv(value, index))
  const led = Object.entries(passed).map(([name, value = '']) => ledEnv(name, value, policy))
  return Object.assign({}, ...known, ...led)
}

function credentialEnv({ host, from }: Credential, index: number): Record<string, string> {
  const own = { [`AGENTBOX_BASE_URL_${index}`]: credentialBase(index) }
  const client = CLIENTS[host]
  // Where the key came from a variable, that one is how this client is given it.
  const source = sourceVariable(from)
  const key = source ?? client?.keys[0]
  return {
    ...own,
    ...(client === undefined ? {} : { [client.base]: `${credentialBase(index)}${client.path}` }),
    ...(key === undefined ? {} : { [key]: PLACEHOLDER }),
  }
}

/** A base URL by whichever variable, such as COPILOT_PROVIDER_BASE_URL. */
function ledEnv(name: string, value: string, policy: Policy): Record<string, string> {
  const base = ledTo(value, policy)
  if (base === undefined) return {}
  const prefix = prefixOf(name)
  const source = sourceVariable(policy.credentials[credentialOf(value, policy.credentials)]!.value.from)
  const given = prefix === undefined || source?.startsWith(`${prefix}_`) === true
  return { [name]: base, ...(given ? {} : { [`${prefix}_API_KEY`]: PLACEHOLDER }) }
}

function prefixOf(name: string): string | undefined {
  return name.endsWith('_BASE_URL') ? name.slice(0, -'_BASE_URL'.length) : undefined
}

function sourceVariable(from: string): string | undefined {
  return from.startsWith('env:') ? from.slice('env:'.length) : undefined
}

/**
 * Variables that must not reach the box as they are: the credential itself, and others for the same host. Also
 * where the network is such that nothing adds it.
 */
export function withheld({ credentials }: Policy, passed: Variables): string[] {
  const known = credentials.flatMap(({ value }) => {
    const source = sourceVariable(value.from)
    return [...(CLIENTS[value.host]?.keys ?? []), ...(source === undefined ? [] : [source])]
  })
  const beside = Object.entries(passed).flatMap(([name, value = '']) => {
    const prefix = credentialOf(value, credentials) < 0 ? undefined : prefixOf(name)
    return prefix === undefined ? [] : BESIDE_BASE.map((rest) => `${prefix}_${rest}`)
  })
  return [...known, ...beside]
}

/** Codex takes its base from its configuration only; this is the file for the whole system, by its path. */
export function leadingFiles(policy: Policy): Record<string, string> {
  const base = ledTo('https://api.openai.com/v1', policy)
  return base === undefined ? {} : { '/etc/codex/config.toml': `openai_base_url = "${base}"\n` }
}
