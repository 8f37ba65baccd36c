import { nameTable, type Runners } from './table.ts'

/**
 * What people run by hand, or what steers what they run: an agent may change it, since that is the work, and the
 * closing summary names what changed. Pure data.
 */
export const byHandNames: Runners = {
  'npm scripts': ['package.json', 'pnpm-workspace.yaml', 'deno.json', 'deno.jsonc', 'bunfig.toml'],
  'eslint, in editors too': ['eslint.config.*', '.eslintrc', '.eslintrc.*'],
  'prettier, in editors too': ['prettier.config.*', '.prettierrc', '.prettierrc.*'],
  'stylelint, in editors too': ['stylelint.config.*', '.stylelintrc', '.stylelintrc.*'],
  'lint-staged': ['lint-staged.config.*', '.lintstagedrc', '.lintstagedrc.*'],
  'simple-git-hooks': [
    'simple-git-hooks.json',
    '.simple-git-hooks.json',
    'simple-git-hooks.*js',
    '.simple-git-hooks.*js',
  ],
  commitlint: ['commitlint.config.*', '.commitlintrc', '.commitlintrc.*'],
  node: ['.pnp.cjs', '.pnp.loader.mjs'],
  make: ['Makefile', 'makefile', 'GNUmakefile'],
  just: ['justfile', 'Justfile', '.justfile'],
  task: ['Taskfile.yml', 'Taskfile.yaml', 'taskfile.yml', 'taskfile.yaml', 'Taskfile.dist.yml'],
  cmake: ['CMakeLists.txt', 'CMakePresets.json', 'CMakeUserPresets.json'],
  meson: ['meson.build'],
  scons: ['SConstruct'],
  you: ['configure', 'autogen.sh', 'gradlew', 'mvnw'],
  bazel: ['.bazelrc', 'MODULE.bazel', 'WORKSPACE', 'WORKSPACE.bazel', 'tools/bazel'],
  rake: ['Rakefile'],
  bundler: ['Gemfile'],
  rspec: ['.rspec'],
  'rubocop, in editors too': ['.rubocop.yml'],
  'composer scripts': ['composer.json'],
  'pip and its like': ['setup.py', 'setup.cfg', 'pyproject.toml', 'Pipfile', 'uv.toml', 'poetry.toml'],
  python: ['sitecustomize.py', 'usercustomize.py'],
  'pylint, in editors too': ['.pylintrc', 'pylintrc', '.flake8'],
  pytest: ['conftest.py', 'pytest.ini'],
  tox: ['tox.ini'],
  nox: ['noxfile.py'],
  invoke: ['tasks.py'],
  doit: ['dodo.py'],
  ansible: ['ansible.cfg'],
  cargo: ['build.rs', 'Cargo.toml'],
  gradle: [
    'build.gradle',
    'build.gradle.kts',
    'settings.gradle',
    'settings.gradle.kts',
    'gradle.properties',
    'gradle-wrapper.properties',
    'gradle-wrapper.jar',
  ],
  maven: [
    'pom.xml',
    'maven-wrapper.properties',
    '.mvn/extensions.xml',
    '.mvn/jvm.config',
    '.mvn/maven.config',
  ],
  sbt: ['build.sbt', '.sbtopts', '.jvmopts'],
  msbuild: ['Directory.Build.props', 'Directory.Build.targets', '*.csproj', '*.fsproj', 'nuget.config'],
  dotnet: ['dotnet-tools.json'],
  mix: ['mix.exs'],
  'swift build': ['Package.swift'],
  'zig build': ['build.zig'],
  // direnv builds these without a question where an .envrc says `use flake` or `use devenv`.
  'nix, direnv': ['flake.nix', 'shell.nix', 'default.nix', 'devenv.nix', 'devenv.yaml', 'devenv.local.nix'],
  devbox: ['devbox.json'],
  flox: ['.flox/env/manifest.toml'],
  pixi: ['pixi.toml'],
  docker: [
    'Dockerfile',
    'Dockerfile.*',
    '*.Dockerfile',
    'Containerfile',
    'docker-compose.yml',
    'docker-compose.*.yml',
    'docker-compose.yaml',
    'compose.yml',
    'compose.yaml',
    'compose.*.yml',
    'compose.*.yaml',
    'docker-bake.hcl',
  ],
  vagrant: ['Vagrantfile'],
  tilt: ['Tiltfile'],
  skaffold: ['skaffold.yaml'],
  foreman: ['Procfile', 'Procfile.*'],
  tmuxinator: ['.tmuxinator.yml'],
  Gitpod: ['.gitpod.yml'],
  GitHub: ['action.yml', 'action.yaml'],
  GitLab: ['.gitlab-ci.yml'],
  Jenkins: ['Jenkinsfile'],
  CircleCI: ['.circleci/config.yml'],
  'Azure Pipelines': ['azure-pipelines.yml'],
  'Bitbucket Pipelines': ['bitbucket-pipelines.yml'],
  'Travis CI': ['.travis.yml'],
  'agents, as instructions': [
    'CLAUDE.md',
    'CLAUDE.local.md',
    'AGENTS.md',
    'AGENTS.*.md',
    'GEMINI.md',
    'QWEN.md',
    'CRUSH.md',
    'WARP.md',
    'copilot-instructions.md',
    '.goosehints',
    '.rules',
  ],
}

/** Directories of a project's root in which any change is one. */
export const byHandDirectories: Readonly<Record<string, string>> = {
  '.github/workflows': 'GitHub',
  '.github/instructions': 'agents, as instructions',
  '.forgejo/workflows': 'Forgejo',
  '.gitea/workflows': 'Gitea',
  '.buildkite': 'Buildkite',
  'node_modules/.bin': 'npm scripts',
  '.venv/bin': 'you',
  '.direnv': 'direnv',
  'venv/bin': 'you',
  'mise-tasks': 'mise',
  '.mise-tasks': 'mise',
}

const table = nameTable(byHandNames)

/** Who runs what stands at a path, or is steered by it. */
export const byHandOf = table.find

/** True for the base names of all of these, and for some more. */
export const byHandSieve = table.sieve
