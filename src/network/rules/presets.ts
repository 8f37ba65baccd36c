/** Hosts that belong together. Data; docs/network.md has a table of them that is generated from here. */
export interface Preset {
  about: string
  hosts: readonly string[]
}

export const presets: Readonly<Record<string, Preset>> = {
  npm: {
    about: 'packages of npm, Yarn and pnpm',
    hosts: ['registry.npmjs.org', 'registry.yarnpkg.com', 'repo.yarnpkg.com'],
  },
  node: { about: 'Node.js itself, and headers for native modules', hosts: ['nodejs.org'] },
  jsr: { about: 'packages of JSR and Deno', hosts: ['jsr.io', 'npm.jsr.io', 'deno.land', 'dl.deno.land'] },
  pypi: { about: 'packages of pip, uv and Poetry', hosts: ['pypi.org', 'files.pythonhosted.org'] },
  conda: {
    about: 'packages of conda',
    hosts: ['conda.anaconda.org', 'repo.anaconda.com', 'repo.continuum.io'],
  },
  crates: {
    about: 'packages of Cargo',
    hosts: ['crates.io', 'index.crates.io', 'static.crates.io'],
  },
  rust: { about: 'Rust itself, by rustup', hosts: ['static.rust-lang.org', 'sh.rustup.rs'] },
  go: {
    about: 'modules and toolchains of Go',
    hosts: ['proxy.golang.org', 'sum.golang.org', 'go.dev', 'dl.google.com'],
  },
  rubygems: { about: 'packages of RubyGems and Bundler', hosts: ['rubygems.org', 'index.rubygems.org'] },
  maven: {
    about: 'packages of Maven and Gradle',
    hosts: [
      'repo.maven.apache.org',
      'repo1.maven.org',
      'plugins.gradle.org',
      'services.gradle.org',
      'downloads.gradle.org',
    ],
  },
  nuget: { about: 'packages of .NET', hosts: ['api.nuget.org', 'www.nuget.org'] },
  packagist: { about: 'packages of Composer', hosts: ['packagist.org', 'repo.packagist.org'] },
  hex: { about: 'packages of Elixir and Erlang', hosts: ['hex.pm', 'repo.hex.pm', 'builds.hex.pm'] },
  debian: {
    about: 'packages of Debian',
    hosts: ['deb.debian.org', 'security.debian.org', 'ftp.debian.org'],
  },
  ubuntu: {
    about: 'packages of Ubuntu',
    hosts: ['archive.ubuntu.com', 'security.ubuntu.com', 'ports.ubuntu.com'],
  },
  alpine: { about: 'packages of Alpine', hosts: ['dl-cdn.alpinelinux.org'] },
  github: {
    about: 'GitHub, its API, downloads, and git by ssh: anybody can receive data there',
    hosts: [
      'github.com',
      'github.com:22',
      'ssh.github.com:443',
      'api.github.com',
      'codeload.github.com',
      'uploads.github.com',
      'raw.githubusercontent.com',
      'objects.githubusercontent.com',
      'release-assets.githubusercontent.com',
      'media.githubusercontent.com',
      'github-cloud.githubusercontent.com',
      'avatars.githubusercontent.com',
    ],
  },
  gitlab: {
    about: 'GitLab.com and git by ssh: anybody can receive data there',
    hosts: ['gitlab.com', 'gitlab.com:22', 'registry.gitlab.com'],
  },
  bitbucket: {
    about: 'Bitbucket and git by ssh: anybody can receive data there',
    hosts: ['bitbucket.org', 'bitbucket.org:22', 'api.bitbucket.org'],
  },
  docker: {
    about: 'images of Docker Hub',
    hosts: [
      'registry-1.docker.io',
      'auth.docker.io',
      'index.docker.io',
      'hub.docker.com',
      'production.cloudflare.docker.com',
    ],
  },
  ghcr: { about: "images of GitHub's registry", hosts: ['ghcr.io', 'pkg-containers.githubusercontent.com'] },
  playwright: { about: 'browsers of Playwright', hosts: ['cdn.playwright.dev', 'playwright.azureedge.net'] },
}

/** The hosts of the agent that runs, from its profile. Always in. */
export const AGENT_PRESET = 'agent'

export function isPreset(name: string): boolean {
  return name === AGENT_PRESET || Object.hasOwn(presets, name)
}

export function presetNames(): string[] {
  return [AGENT_PRESET, ...Object.keys(presets)]
}
