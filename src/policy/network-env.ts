import { PROXY_PORT } from '../network/places.ts'
import { credentialsEnv } from './credential-env.ts'
import type { Policy } from './types.ts'

/** What the box's own loopback serves is reached without the proxy. */
const NO_PROXY = 'localhost,127.0.0.1,::1,[::1]'
const PROXY = `http://127.0.0.1:${PROXY_PORT}`

/** Variables by which programs find the proxy, in all their spellings, and credentials. Pure. */
export function networkEnv(
  policy: Policy,
  host: Readonly<Record<string, string | undefined>>,
  passed: Readonly<Record<string, string>>,
): Record<string, string> {
  if (policy.network.mode.value !== 'allow') return {}
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
    ...credentialsEnv(policy, passed),
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
