/** What a file's name says about a project. Pure data; nothing of a file is executed. */

export interface Ecosystem {
  /** Base names, or ends of them where they begin with `*`. */
  names: readonly string[]
  /** A preset of `network/rules/presets.ts`. */
  preset: string
}

export const ecosystems: readonly Ecosystem[] = [
  { names: ['package.json'], preset: 'npm' },
  { names: ['deno.json', 'deno.jsonc', 'jsr.json'], preset: 'jsr' },
  {
    names: [
      'pyproject.toml',
      'requirements.txt',
      'setup.py',
      'setup.cfg',
      'Pipfile',
      'uv.lock',
      'poetry.lock',
    ],
    preset: 'pypi',
  },
  { names: ['environment.yml', 'conda-lock.yml', 'pixi.toml'], preset: 'conda' },
  { names: ['Cargo.toml'], preset: 'crates' },
  { names: ['rust-toolchain.toml', 'rust-toolchain'], preset: 'rust' },
  { names: ['go.mod'], preset: 'go' },
  { names: ['Gemfile', '*.gemspec'], preset: 'rubygems' },
  {
    names: ['pom.xml', 'build.gradle', 'build.gradle.kts', 'settings.gradle', 'settings.gradle.kts'],
    preset: 'maven',
  },
  { names: ['*.csproj', '*.fsproj', '*.sln', 'packages.lock.json'], preset: 'nuget' },
  { names: ['composer.json'], preset: 'packagist' },
  { names: ['mix.exs', 'rebar.config'], preset: 'hex' },
  { names: ['playwright.config.ts', 'playwright.config.js', 'playwright.config.mjs'], preset: 'playwright' },
]

export interface Framework {
  names: readonly string[]
  name: string
  /** Where its development server listens. */
  port: number
}

export const frameworks: readonly Framework[] = [
  { names: ['next.config.js', 'next.config.mjs', 'next.config.ts'], name: 'Next.js', port: 3000 },
  { names: ['nuxt.config.ts', 'nuxt.config.js'], name: 'Nuxt', port: 3000 },
  { names: ['vite.config.ts', 'vite.config.js', 'vite.config.mjs'], name: 'Vite', port: 5173 },
  { names: ['astro.config.mjs', 'astro.config.ts'], name: 'Astro', port: 4321 },
  { names: ['angular.json'], name: 'Angular', port: 4200 },
  { names: ['manage.py'], name: 'Django', port: 8000 },
  { names: ['config.ru'], name: 'Rack, Rails', port: 3000 },
  { names: ['artisan'], name: 'Laravel', port: 8000 },
]

/** Where a project says which registry it uses instead of the usual one. */
export const registryFiles: readonly string[] = [
  '.npmrc',
  '.yarnrc.yml',
  '.yarnrc',
  'pip.conf',
  'requirements.txt',
  'pyproject.toml',
  'Pipfile',
  'Gemfile',
  'nuget.config',
  'NuGet.Config',
  'composer.json',
]

/** Examples of a `.env` without secrets, the best first. */
export const envExamples: readonly string[] = [
  '.env.agent',
  '.env.example',
  '.env.sample',
  '.env.template',
  '.env.dist',
]

/** Directories that agents seldom have to change; only names for suggestions. */
export const delicate: readonly string[] = [
  '.github',
  '.gitlab-ci.yml',
  'infra',
  'infrastructure',
  'terraform',
  'deploy',
  'deployment',
  'ops',
  'k8s',
  'helm',
  'ansible',
]

export function isNamed(name: string, names: readonly string[]): boolean {
  return names.some((one) => (one.startsWith('*') ? name.endsWith(one.slice(1)) : name === one))
}
