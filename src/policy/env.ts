import { isWithin } from '../host/paths.ts'
import { withheld } from './credential-env.ts'
import { networkEnv } from './network-env.ts'
import type { AgentProfile } from './agents/types.ts'
import type { Policy } from './types.ts'

/** Variables that every box gets from the user's environment; `*` at the end matches any rest. Pure data. */
export const passedAlways: readonly string[] = [
  'TERM',
  'COLORTERM',
  'TERM_PROGRAM',
  'TERM_PROGRAM_VERSION',
  'COLUMNS',
  'LINES',
  'LANG',
  'LANGUAGE',
  'LC_*',
  'TZ',
  'NO_COLOR',
  'FORCE_COLOR',
  'CLICOLOR',
  'CLICOLOR_FORCE',
  'EDITOR',
  'VISUAL',
  'PAGER',
  'LESS',
  'MANPAGER',
  // Certificates of a company's own: file names, no secrets.
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'NODE_EXTRA_CA_CERTS',
  'REQUESTS_CA_BUNDLE',
  'CURL_CA_BUNDLE',
  'GIT_SSL_CAINFO',
  'PIP_CERT',
  'CARGO_HTTP_CAINFO',
  'npm_config_cafile',
  // Where version managers are.
  'NVM_DIR',
  'NVM_BIN',
  'FNM_DIR',
  'VOLTA_HOME',
  'MISE_DATA_DIR',
  'ASDF_DATA_DIR',
  'PNPM_HOME',
  'BUN_INSTALL',
  'DENO_INSTALL',
  'PYENV_ROOT',
  'RUSTUP_HOME',
  'CARGO_HOME',
  'GOPATH',
  'GOROOT',
  'RBENV_ROOT',
  'SDKMAN_DIR',
  'JAVA_HOME',
  'DOTNET_ROOT',
  'VIRTUAL_ENV',
  'CONDA_PREFIX',
]

/** Variables that name a file with certificates. */
export const certificateFiles: readonly string[] = passedAlways.filter((name) =>
  /(?:CERT_FILE|CA_CERTS|CA_BUNDLE|CAINFO|PIP_CERT|cafile)$/.test(name),
)

/** The way out of a company's network, for `network.mode: host`, where the box has the host's network. */
const PROXIES = [
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'ALL_PROXY',
  'NO_PROXY',
  'http_proxy',
  'https_proxy',
  'all_proxy',
  'no_proxy',
]

export interface EnvInput {
  host: Readonly<Record<string, string | undefined>>
  policy: Policy
  profile: AgentProfile
  home: string
  user: string
  shell: string
  /** Directories that the box shows with programs; other entries of PATH are left out. */
  shown: readonly string[]
}

export interface BoxEnv {
  env: Record<string, string>
  /** Names that have the user's own value, which may be a key: printed forms say the name only. */
  passed: string[]
}

/** The whole environment of the agent: an allow-list, so that a variable nobody thought of stays outside. */
export function boxEnv({ host, policy, profile, home, user, shell, shown }: EnvInput): BoxEnv {
  const network = policy.network.mode.value === 'host' ? PROXIES : []
  const allowed = [...passedAlways, ...network, ...policy.env.pass.map(({ value }) => value)]
  const passed: Record<string, string> = {}
  for (const [name, value] of Object.entries(host)) {
    if (value === undefined) continue
    if (isOfAgent(name, profile) || allowed.some((pattern) => matchesName(name, pattern)))
      passed[name] = value
  }
  const leading = networkEnv(policy, host, passed)
  for (const name of withheld(policy, passed)) delete passed[name]
  const made: Record<string, string> = {
    ...profile.set,
    ...Object.fromEntries(policy.env.set.map(({ value }) => [value.name, value.value])),
    ...leading,
    HOME: home,
    USER: user,
    LOGNAME: user,
    SHELL: shell,
    TMPDIR: '/tmp',
    PATH: boxPath(host['PATH'] ?? '', shown),
    AGENTBOX: '1',
    // System scope: the repository's own settings and the agent's `git config --global` go before it.
    GIT_CONFIG_SYSTEM: '/run/agentbox/gitconfig',
  }
  return { env: { ...passed, ...made }, passed: Object.keys(passed).filter((name) => !(name in made)) }
}

/** Is it passed because this agent needs it? */
export function isOfAgent(name: string, { env, unpassed = [] }: AgentProfile): boolean {
  return !unpassed.includes(name) && env.some((pattern) => matchesName(name, pattern))
}

export function matchesName(name: string, pattern: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern
}

function boxPath(path: string, shown: readonly string[]): string {
  const kept = path.split(':').filter((dir) => dir.startsWith('/') && shown.some((top) => isWithin(dir, top)))
  return [
    '/run/agentbox/bin',
    ...new Set(kept),
    ...(kept.length === 0 ? ['/usr/local/bin', '/usr/bin', '/bin'] : []),
  ].join(':')
}
