import { randomBytes } from 'node:crypto'

/** How a probe tries a place; see probes/places.mjs. */
export type How = 'read' | 'absent' | 'empty' | 'connect' | 'tcp'

export interface Place {
  name: string
  path: string
  how: How
}

/** The secrets of one world, each with a name of its own so that a leak says where it came from. */
export class Secrets {
  readonly #all = new Map<string, string>()

  /** A new one. Its shape is what the probes look for. */
  make(name: string): string {
    const token = `abxsecret-${name.replaceAll(/[^\w.]+/g, '.')}-${randomBytes(16).toString('hex')}`
    this.#all.set(token, name)
    return token
  }

  get count(): number {
    return this.#all.size
  }

  /** Names of those that are in the text. */
  foundIn(text: string): string[] {
    return [...this.#all].filter(([token]) => text.includes(token)).map(([, name]) => name)
  }
}

/** Files of the home that no box shows, by the route "the path itself". */
export const homeFiles: readonly string[] = [
  ...'.ssh/id_ed25519 .ssh/config .aws/credentials .netrc .npmrc .git-credentials .bash_history'.split(' '),
  ...'.docker/config.json .kube/config .gnupg/private-keys-v1.d/key .config/gh/hosts.yml'.split(' '),
  ...'.config/gcloud/credentials.db .password-store/mail.gpg .mozilla/firefox/p/logins.json'.split(' '),
  ...'.cargo/credentials.toml .config/Code/User/globalStorage/state'.split(' '),
  ...'.local/share/keyrings/login.keyring .zsh_history .viminfo .pgpass .vault-token'.split(' '),
  ...'work/other/.env work/other/README.md Documents/tax.txt .env'.split(' '),
  ...'.claude/.credentials.json .codex/auth.json .gemini/oauth_creds.json'.split(' '),
  ...'.config/agentbox/config.local .local/state/agentbox/note .local/share/agentbox/note'.split(' '),
  '.local/state/agentbox/homes/0123456789abcdef0123/home/notes.txt',
]

/** Files of a project that every box masks. The last of a name decides: see docs/masks.md. */
export const maskedFiles: readonly string[] = [
  ...'.env api/.env deep/a/b/c/d/.env upper/.ENV .env.local .env~ .env.swp .env.bak .#.env'.split(' '),
  ...'keys/id_rsa keys/server.key keys/key.pem .aws/credentials secrets.yml svc/.env/prod'.split(' '),
  ...['dir with space/.env', 'new\nline/.env', 'caf\xe9/.env', 'conf.d/.env', 'quote\'"$x/.env'],
  // By the policy of this repository.
  'prod.tfvars',
  'infra/prod/plan.txt',
]

/** Variables that must not come in. */
export const variables: readonly string[] = [
  ...'MY_SECRET AWS_SECRET_ACCESS_KEY GITHUB_TOKEN NPM_TOKEN DATABASE_URL ANTHROPIC_API_KEY'.split(' '),
  ...'OPENAI_API_KEY SSH_AUTH_SOCK SSH_AGENT_PID DBUS_SESSION_BUS_ADDRESS DISPLAY XAUTHORITY'.split(' '),
  ...'WAYLAND_DISPLAY XDG_RUNTIME_DIR GPG_AGENT_INFO DOCKER_HOST KUBECONFIG GIT_SSH_COMMAND SUDO_USER'.split(
    ' ',
  ),
]
