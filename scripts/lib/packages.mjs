// Which package holds what, by package manager. Adding a distribution is adding an entry.

/** What the product, its build and its tests need of the system, and how to see that it is there. */
export const needs = {
  bwrap: { commands: ['bwrap'], for: 'run' },
  compiler: { commands: ['cc', 'gcc', 'clang'], for: 'build' },
  git: { commands: ['git'], for: 'run' },
  bash: { commands: ['bash'], for: 'test' },
  zsh: { commands: ['zsh'], for: 'test' },
  fish: { commands: ['fish'], for: 'test' },
  dash: { commands: ['dash'], for: 'test' },
  tmux: { commands: ['tmux'], for: 'test' },
  direnv: { commands: ['direnv'], for: 'test' },
  make: { commands: ['make'], for: 'test' },
  script: { commands: ['script'], for: 'test' },
  vim: { commands: ['vim'], for: 'test' },
  setpriv: { commands: ['setpriv'], for: 'test' },
  ps: { commands: ['ps'], for: 'test' },
  curl: { commands: ['curl'], for: 'test' },
  openssl: { commands: ['openssl'], for: 'test' },
  python: { commands: ['python3'], for: 'test' },
  ssh: { commands: ['ssh'], for: 'test' },
  lfs: { commands: ['git-lfs'], for: 'test' },
  precommit: { commands: ['pre-commit'], for: 'test' },
}

const common = {
  bwrap: 'bubblewrap',
  git: 'git',
  bash: 'bash',
  zsh: 'zsh',
  fish: 'fish',
  dash: 'dash',
  tmux: 'tmux',
  direnv: 'direnv',
  make: 'make',
  script: 'util-linux',
  vim: 'vim',
  setpriv: 'util-linux',
  curl: 'curl',
  openssl: 'openssl',
  python: 'python3',
  lfs: 'git-lfs',
  precommit: 'pre-commit',
}

/** In the order of trying: a machine that has several is named after the first. */
export const managers = [
  {
    command: 'apt-get',
    byHand: 'apt-get install',
    install: ['-y', '-q', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=120', 'install'],
    refresh: ['-q', 'update'],
    env: ['DEBIAN_FRONTEND=noninteractive'],
    packages: {
      ...common,
      compiler: 'gcc libc6-dev',
      ps: 'procps',
      ssh: 'openssh-client',
      script: 'bsdutils',
    },
  },
  {
    command: 'dnf',
    byHand: 'dnf install',
    install: ['-y', 'install'],
    refresh: ['makecache'],
    packages: {
      ...common,
      compiler: 'gcc glibc-devel glibc-static',
      ps: 'procps-ng',
      ssh: 'openssh-clients',
    },
  },
  {
    command: 'pacman',
    byHand: 'pacman -S',
    install: ['-S', '--needed', '--noconfirm'],
    refresh: ['-Sy', '--noconfirm'],
    packages: { ...common, compiler: 'base-devel', ps: 'procps-ng', ssh: 'openssh', python: 'python' },
  },
  {
    command: 'zypper',
    byHand: 'zypper install',
    install: ['--non-interactive', 'install', '--no-recommends'],
    refresh: ['--non-interactive', 'refresh'],
    packages: {
      ...common,
      compiler: 'gcc glibc-devel glibc-devel-static',
      ps: 'procps',
      ssh: 'openssh-clients',
      precommit: 'python3-pre-commit',
    },
  },
  {
    command: 'apk',
    byHand: 'apk add',
    install: ['add'],
    refresh: ['update'],
    packages: {
      ...common,
      compiler: 'build-base linux-headers',
      ps: 'procps',
      setpriv: 'setpriv',
      script: 'util-linux-misc',
      ssh: 'openssh-client',
    },
  },
]
