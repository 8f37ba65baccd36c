import { MARKER, type HookName, type Programs } from './names.ts'

/** What is written where, as text. Pure. */

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

/** A hook file of our own, from hooks/hook.sh. */
export function stub(template: string, name: HookName, { node, agentbox }: Programs): string {
  const values: Record<string, string> = { NAME: name, NODE: quoted(node), AGENTBOX: quoted(agentbox) }
  return template.replaceAll(/@(NAME|NODE|AGENTBOX)@/g, (_, key: string) => values[key]!)
}

/**
 * `hook.*.command` of git's configuration (git ≥ 2.54): git puts `"$@"` behind it and hands the whole to sh.
 */
export function configCommand(name: HookName, { node, agentbox }: Programs): string {
  const [n, a] = [quoted(node), quoted(agentbox)]
  return (
    `if [ -x ${n} ] && [ -f ${a} ]; then set -- ${n} ${a} hook ${name} "$@"; ` +
    `elif command -v agentbox >/dev/null 2>&1; then set -- agentbox hook ${name} "$@"; ` +
    'else set -- true; fi;'
  )
}

export const configSection = (name: HookName): string => `hook.agentbox-${name}`

/** For files that a team shares: no path of this machine. */
export function sharedLine(name: HookName): string {
  return `if command -v agentbox >/dev/null 2>&1; then agentbox hook ${name} "$@"; fi # ${MARKER}`
}

/** The value for simple-git-hooks, whose stubs are sh as well; a comment would swallow what follows. */
export function sharedCommand(name: HookName): string {
  return `if command -v agentbox >/dev/null 2>&1; then agentbox hook ${name} "$@"; fi`
}

/** lefthook-local.yml: personal, so that it may have paths of this machine. */
export function lefthookLocal(names: readonly HookName[], { node, agentbox }: Programs): string {
  const hooks = names.map((name) => {
    const stdin = name === 'pre-push' || name === 'post-rewrite' ? '\n      use_stdin: true' : ''
    const command = `[ ! -f ${quoted(agentbox)} ] || ${quoted(node)} ${quoted(agentbox)} hook ${name} {0}`
    return `${name}:\n  commands:\n    agentbox:\n      run: ${JSON.stringify(command)}${stdin}\n`
  })
  return `# ${MARKER}: agentbox hooks uninstall removes this file\n${hooks.join('')}`
}

/** Adds a line so that `withoutLine` gives back every byte. */
export function withLine(text: string, line: string): string {
  if (text.includes(line)) return text
  return text === '' || text.endsWith('\n') ? `${text}${line}\n` : `${text}\n${line}`
}

export function withoutLine(text: string, line: string): string {
  return text.endsWith(`\n${line}`) ? text.slice(0, -line.length - 1) : text.replace(`${line}\n`, '')
}
