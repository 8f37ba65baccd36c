/**
 * What people run by hand, or what steers what they run: an agent may change it, since that is the work, and the
 * closing summary names what changed. By base name, at any depth. Pure data.
 */
export const byHandNames: Readonly<Record<string, string>> = {
  'package.json': 'npm scripts',
  Makefile: 'make',
  makefile: 'make',
  GNUmakefile: 'make',
  justfile: 'just',
  'Taskfile.yml': 'task',
  'CMakeLists.txt': 'cmake',
  Rakefile: 'rake',
  Gemfile: 'bundler',
  'composer.json': 'composer scripts',
  'setup.py': 'pip',
  'pyproject.toml': 'pip and its like',
  'conftest.py': 'pytest',
  'tox.ini': 'tox',
  'noxfile.py': 'nox',
  'build.rs': 'cargo',
  'build.gradle': 'gradle',
  'build.gradle.kts': 'gradle',
  gradlew: 'you',
  'pom.xml': 'maven',
  mvnw: 'you',
  Dockerfile: 'docker',
  'docker-compose.yml': 'docker',
  'compose.yml': 'docker',
  'compose.yaml': 'docker',
  '.gitlab-ci.yml': 'GitLab',
  Jenkinsfile: 'Jenkins',
  Vagrantfile: 'vagrant',
  'CLAUDE.md': 'agents, as instructions',
  'AGENTS.md': 'agents, as instructions',
  'GEMINI.md': 'agents, as instructions',
}

/** Directories of a project's root in which any change is one. */
export const byHandDirectories: Readonly<Record<string, string>> = {
  '.github/workflows': 'GitHub',
  'node_modules/.bin': 'npm scripts',
  '.venv/bin': 'you',
  '.direnv': 'direnv',
  'venv/bin': 'you',
}

/** A sieve over base names. */
export const byHandPattern = new RegExp(
  `^(?:${Object.keys(byHandNames)
    .map((name) => name.replaceAll('.', '\\.'))
    .join('|')})$`,
)
