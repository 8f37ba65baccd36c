import { CREDENTIAL_PORT, PROXY_PORT } from '../network/places.ts'
import type { Credential, Policy } from './types.ts'

/** What the box's own loopback serves is reached without the proxy. */
const NO_PROXY = 'localhost,127.0.0.1,::1,[::1]'
const PROXY = `http://127.0.0.1:${PROXY_PORT}`

/** Worth nothing anywhere: the real key is added outside the box. */
export const PLACEHOLDER = 'agentbox-placeholder'

/** Variables by which programs find the proxy, in all their spellings. Pure. */
export function networkEnv(
  policy: Policy,
  host: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  if (policy.network.mode.value !== 'allow') return {}
  const credentials = policy.credentials.map(({ value }, index) => credentialEnv(value, index))
  return {
    ...both('HTTP_PROXY', PROXY),
    ...both('HTTPS_PROXY', PROXY),
    // Not socks5h://, which several clients take for a reason to fail where they lack a library for it.
    ...both('ALL_PROXY', PROXY),
    ...both('NO_PROXY', NO_PROXY),
    NODE_USE_ENV_PROXY: '1',
    YARN_HTTP_PROXY: PROXY,
    YARN_HTTPS_PROXY: PROXY,
    CARGO_HTTP_PROXY: PROXY,
    ...(host['JAVA_HOME'] === undefined ? {} : { JAVA_TOOL_OPTIONS: javaOptions() }),
    ...Object.assign({}, ...credentials),
  }
}

function both(name: string, value: string): Record<string, string> {
  return { [name]: value, [name.toLowerCase()]: value }
}

/** Java looks at no variable but this one, and says so on stderr at each start: only where Java is used. */
function javaOptions(): string {
  const proxy = (scheme: string): string =>
    `-D${scheme}.proxyHost=127.0.0.1 -D${scheme}.proxyPort=${PROXY_PORT}`
  return `${proxy('http')} ${proxy('https')} -Dhttp.nonProxyHosts=localhost|127.*|[::1]`
}

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

/** The base URL of the n-th credential, inside the box. */
export function credentialBase(index: number): string {
  return `http://127.0.0.1:${CREDENTIAL_PORT + index}`
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

function sourceVariable(from: string): string | undefined {
  return from.startsWith('env:') ? from.slice('env:'.length) : undefined
}

/**
 * Variables that must not reach the box as they are: the credential itself, and others for the same host. Also
 * where the network is such that nothing adds it.
 */
export function withheld({ credentials }: Policy): string[] {
  return credentials.flatMap(({ value }) => {
    const source = sourceVariable(value.from)
    return [...(CLIENTS[value.host]?.keys ?? []), ...(source === undefined ? [] : [source])]
  })
}

/** Codex takes its base from its configuration only; this is the file for the whole system. */
export function codexConfig(policy: Policy): string | undefined {
  if (policy.network.mode.value !== 'allow') return undefined
  const index = policy.credentials.findIndex(({ value }) => value.host === 'api.openai.com')
  return index < 0 ? undefined : `openai_base_url = "${credentialBase(index)}/v1"\n`
}
