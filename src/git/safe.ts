/**
 * How every git process of agentbox's own is started. A repository may be a hostile clone, so nothing that
 * its config, attributes or hooks name may run: what can be switched off is, git gets an environment of its
 * own, no configuration but the repository's is read, and nothing is fetched. What cannot be switched off by
 * name (filters, text converters, merge drivers) runs only in commands that touch the work tree or print
 * patches; those are not used (`call.ts` lists what is). Pure data.
 */
const SETTINGS: readonly string[] = [
  'core.fsmonitor=false',
  'core.hooksPath=/dev/null',
  'core.pager=cat',
  'core.editor=false',
  'core.sshCommand=false',
  'core.askPass=false',
  'core.gitProxy=none',
  'core.alternateRefsCommand=false',
  'core.attributesFile=/dev/null',
  'core.excludesFile=/dev/null',
  'core.untrackedCache=false',
  'core.quotePath=false',
  'credential.helper=',
  'color.ui=false',
  'diff.external=',
  'diff.ignoreSubmodules=all',
  'gc.auto=0',
  'gpg.program=false',
  'gpg.ssh.program=false',
  'gpg.x509.program=false',
  'interactive.diffFilter=',
  'log.mailmap=false',
  'log.showSignature=false',
  'maintenance.auto=false',
  'protocol.allow=never',
  'submodule.recurse=false',
  // It is read only: to whom the files belong does not matter.
  'safe.directory=*',
]

/** For simple-git, which puts `-c` before each. */
export const safeSettings: readonly string[] = SETTINGS

/** The first arguments of git: before the command's name. */
export const safeOptions: readonly string[] = [
  '--no-pager',
  '--no-optional-locks',
  '--literal-pathspecs',
  ...SETTINGS.flatMap((setting) => ['-c', setting]),
]

export const safeEnv: Readonly<Record<string, string>> = {
  PATH: '/usr/bin:/bin',
  LC_ALL: 'C',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_ATTR_NOSYSTEM: '1',
  GIT_TERMINAL_PROMPT: '0',
  GIT_NO_REPLACE_OBJECTS: '1',
  GIT_GRAFT_FILE: '/dev/null',
  // A missing object of a partial clone would be fetched, by a program that the config names.
  GIT_NO_LAZY_FETCH: '1',
  GIT_ALLOW_PROTOCOL: '',
}

/** What git tells its hooks about the repository that they are of, such as the index of a partial commit. */
const OF_HOOKS = [
  'GIT_DIR',
  'GIT_WORK_TREE',
  'GIT_INDEX_FILE',
  'GIT_COMMON_DIR',
  'GIT_OBJECT_DIRECTORY',
  'GIT_ALTERNATE_OBJECT_DIRECTORIES',
] as const

/** Those of the variables that are set. */
export function hookVariables(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const given = OF_HOOKS.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]] as const]))
  return Object.fromEntries(given)
}
