import { isWithin } from '../host/paths.ts'
import { agents } from './agents/index.ts'
import type { Origin, Policy, Sourced } from './types.ts'

export const BUILT_IN: Origin = { layer: 'built-in' }

/** What holds where nobody says anything. Safe by itself. `home` is absolute and normal. */
export function baseline(home: string): Policy {
  return {
    agents: builtIn('all'),
    filesystem: { read: [], write: [], readonly: [], hide: [], home: builtIn('private') },
    masks: { patterns: [], except: [], show: builtIn('empty'), detect: builtIn(false), substitute: [] },
    scan: { except: [] },
    network: { mode: builtIn('allow'), allow: [builtIn('@agent')], deny: [], ports: [], expose: [] },
    env: { pass: [], set: [] },
    ssh: builtIn('none'),
    live: { onFailure: builtIn('stop') },
    protect: { absent: builtIn('quarantine') },
    limits: { processes: builtIn(4096), tmp: builtIn(2 * 2 ** 30) },
    verify: {
      ...{ unreadable: [], readable: [], unwritable: [], writable: [] },
      ...{ unreachable: [], reachable: [], envAbsent: [], envPresent: [] },
    },
    ceiling: ceilingOf(home).map((path) => builtIn(path)),
    trust: { directories: [], grants: [] },
    always: [],
    credentials: [],
    bypass: builtIn('ask'),
    shims: [],
    enforce: builtIn(false),
    quiet: builtIn(false),
  }
}

function builtIn<T>(value: T): Sourced<T> {
  return { value, origin: BUILT_IN }
}

/** Keys, credentials, browsers, mail, password stores: relative to the home. */
const PRIVATE = [
  ...'.ssh .gnupg .pki .aws .azure .kube .docker .password-store .netrc .git-credentials .pgpass'.split(' '),
  ...'.config/gcloud .config/gh .config/hub .config/glab-cli .config/doctl .config/op .config/rclone'.split(
    ' ',
  ),
  ...'.config/containers .config/helm .config/git/credentials .config/sops .config/age .config/pip'.split(
    ' ',
  ),
  ...'.local/share/keyrings .local/share/kwalletd .local/share/pass .local/share/containers'.split(' '),
  ...'.mozilla .librewolf .thunderbird .config/google-chrome .config/google-chrome-beta'.split(' '),
  ...'.config/chromium .config/BraveSoftware .config/microsoft-edge .config/vivaldi .config/opera'.split(' '),
  ...'.config/Signal .config/Slack .config/discord .config/1Password .config/Bitwarden .config/keepassxc'.split(
    ' ',
  ),
  ...'.npmrc .yarnrc.yml .pypirc .gem/credentials .cargo/credentials .cargo/credentials.toml'.split(' '),
  ...'.bash_history .zsh_history .local/share/fish/fish_history .python_history .node_repl_history'.split(
    ' ',
  ),
  ...'.psql_history .mysql_history .sqlite_history .lesshst .viminfo .vault-token .terraform.d'.split(' '),
  ...'.bitcoin .ethereum .electrum .snap/firefox snap/firefox snap/chromium .var/app'.split(' '),
]

/** What the host itself runs or steers by: relative to the home. Writing there is running outside the box. */
const STEERING = [
  ...'.bashrc .bash_profile .bash_login .bash_logout .bash_aliases .profile .zshrc .zshenv .zprofile'.split(
    ' ',
  ),
  ...'.zlogin .zlogout .config/fish .config/zsh .inputrc .xprofile .xinitrc .xsession .pam_environment'.split(
    ' ',
  ),
  ...'.config/environment.d .config/systemd .config/autostart .config/plasma-workspace .local/bin bin'.split(
    ' ',
  ),
  ...'.local/share/systemd .local/share/applications .local/share/dbus-1 .config/git .gitconfig .hgrc'.split(
    ' ',
  ),
  ...'.vimrc .vim .config/nvim .emacs .emacs.d .config/emacs .tmux.conf .config/tmux .screenrc'.split(' '),
  ...'.config/Code .vscode .vscode-server .config/direnv .direnvrc .envrc .config/mise .cargo .local/lib'.split(
    ' ',
  ),
  ...'.config/sway .config/i3 .config/hypr .config/kitty .config/alacritty .config/ghostty'.split(' '),
  ...'.nvm .fnm .local/share/fnm n .nodenv .volta .local/share/mise .asdf .local/share/pnpm .bun .deno'.split(
    ' ',
  ),
  ...'.pyenv .local/share/uv .local/share/pipx .local/pipx miniconda3 anaconda3 miniforge3 .rustup'.split(
    ' ',
  ),
  ...'go/bin .go sdk .rbenv .rvm .sdkman .jenv .ghcup .juliaup .dotnet .npm-global .npm-packages .linuxbrew'.split(
    ' ',
  ),
]

/** Nothing of these is a file that a box could need: kernel interfaces, sockets, the system's secrets. */
const SYSTEM = '/etc /proc /sys /dev /run /var/run /boot /root /var/lib /var/spool /lost+found'.split(' ')

/** Some part of these may be granted; all of them at once would be everything. */
const WHOLES = '/ /home /usr /var /opt /mnt /media /srv /tmp /var/tmp /Users'.split(' ')

/** agentbox's own, relative to the home; a box that could write there would rule over the next ones. */
const OWN = ['.config/agentbox', '.local/state/agentbox', '.local/share/agentbox', '.cache/agentbox']

/**
 * What no repository may be granted, approved or not: neither the path itself nor a part of it nor a
 * directory that contains it. Absolute.
 */
export function ceilingOf(home: string): string[] {
  const state = agents.flatMap((agent) => [
    ...agent.readonly,
    ...agent.synced,
    ...agent.seeds.map((seed) => seed.path),
  ])
  const names = new Set([...PRIVATE, ...OWN, ...state.map(topOf)])
  // Root's home is /root, a service's may be below /var/lib: then the home's parts are judged one by one.
  return [...SYSTEM.filter((path) => !isWithin(home, path)), ...[...names].map((name) => `${home}/${name}`)]
}

/** The agent's whole directory, not only the files that a profile names: `.codex/config.toml` → `.codex`. */
function topOf(path: string): string {
  const parts = path.split('/')
  const shared = /^\.(?:config|local|cache)$/.test(parts[0]!)
  return parts.slice(0, shared ? (parts[0] === '.local' ? 3 : 2) : 1).join('/')
}

/** Beyond the ceiling for writing only: what runs, or decides what runs, outside the box. Absolute. */
export function writeCeilingOf(home: string): string[] {
  return [
    ...STEERING.map((name) => `${home}/${name}`),
    '/usr',
    '/opt',
    '/bin',
    '/sbin',
    '/lib',
    '/lib64',
    '/nix',
  ]
}

/** Never granted as a whole, to nobody: the grant itself or a directory in it is the whole machine or home. */
export function wholesOf(home: string): string[] {
  return [...WHOLES, home]
}

/**
 * What even the user's own configuration cannot add to every box: the box replaces the kernel's
 * interfaces by its own, and its own state rules over the boxes.
 */
export function foundationOf(home: string): string[] {
  return ['/proc', '/sys', '/dev', ...OWN.map((name) => `${home}/${name}`)]
}
