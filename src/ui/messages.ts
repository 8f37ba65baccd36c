import type { Grant, Place, PolicyIssue, Problem } from '../errors.ts'
import { shellWord, shown } from './escape.ts'

/**
 * The wording of every problem: what, where, and what to do about it. The first line goes behind
 * `agentbox: `; the others are indented under it. All text from outside is escaped here.
 */
export function describe(problem: Problem): string[] {
  switch (problem.code) {
    case 'usage':
      return [
        shown(problem.text),
        `try: agentbox ${problem.command === undefined ? '' : `${problem.command} `}--help`,
      ]
    case 'policy-invalid':
      return [...problem.issues.map(issueLine), 'nothing was started. Keys: agentbox schema, docs/policy.md']
    case 'policy-ambiguous':
      return [
        `two policy files in one directory: ${problem.files.map((file) => shown(file)).join(', ')}`,
        'keep one of them',
      ]
    case 'grants-unapproved':
      return unapproved(problem.grants, problem.command)
    case 'network-mode-unavailable':
      return [
        `${placed(problem.place)}network.mode: ${problem.mode} is not available in this version; nothing was started`,
        'use: none (no network) or host (the network of this machine)',
      ]
    case 'project-refused':
      return [`no box for ${shown(problem.path)}: ${shown(problem.reason)}`, problem.hint]
    case 'cwd-gone':
      return ['the current directory does not exist any more', 'go to a directory that does']
    case 'command-not-found':
      return [`${shown(problem.name)}: command not found`]
    case 'command-not-runnable':
      return [`${shown(problem.path)}: ${shown(problem.reason)}`]
    case 'io':
      return [`cannot ${problem.action} ${shown(problem.path)}: ${shown(problem.reason)}`]
    default:
      return describeSystem(problem)
  }
}

type SystemProblem = Exclude<
  Problem,
  {
    code:
      | 'usage'
      | 'policy-invalid'
      | 'policy-ambiguous'
      | 'grants-unapproved'
      | 'network-mode-unavailable'
      | 'project-refused'
      | 'cwd-gone'
      | 'command-not-found'
      | 'command-not-runnable'
      | 'io'
  }
>

/** What stands in the way of building a box at all. */
function describeSystem(problem: SystemProblem): string[] {
  switch (problem.code) {
    case 'bwrap-missing':
      return [
        'bubblewrap (bwrap) is not installed; without it there is no box, so nothing was started',
        'install it: apt-get install bubblewrap · dnf install bubblewrap · pacman -S bubblewrap · apk add bubblewrap',
      ]
    case 'bwrap-too-old':
      return [
        `${problem.path} is version ${shown(problem.version)}; agentbox needs ${problem.needed} or newer`,
        'update bubblewrap',
      ]
    case 'bwrap-untrusted':
      return [
        `will not use ${shown(problem.path)}: ${problem.reason}`,
        'install bubblewrap from your distribution',
      ]
    case 'bwrap-failed':
      return ['the box could not be built; nothing was started', ...stderrLines(problem.stderr)]
    case 'box-too-large':
      return [
        `${problem.masks} masked and ${problem.protected} protected paths are more than bwrap can mount; nothing was started`,
        'hide directories that hold many of them: filesystem.hide (agentbox masks lists them)',
      ]
    case 'userns-refused':
      return usernsRefused(problem.by, problem.stderr)
    case 'arch-unsupported':
      return [`no system-call filter for ${problem.arch}: agentbox runs on x86_64 and aarch64`]
    case 'helper-missing':
      return [
        `its helper ${shown(problem.path)} is missing or not executable; nothing was started`,
        'install agentbox again, or: npm run build',
      ]
    case 'box-tampered':
      return [
        `${shown(problem.path)} changed while the box was being built (${problem.expected} became ${problem.found}); nothing was started`,
        'try again; if it happens again, look at what runs in this project',
      ]
    case 'scan-failed':
      return [
        `cannot look for secrets in ${shown(problem.path)}: ${shown(problem.reason)}; nothing was started`,
        'make it readable, or hide it: filesystem.hide',
      ]
    case 'state-unusable':
      return [
        `cannot use ${shown(problem.path)}: ${shown(problem.reason)}`,
        'mend it, or set XDG_STATE_HOME to a directory of your own',
      ]
  }
}

function issueLine({ key, problem, hint, ...place }: PolicyIssue): string {
  const subject = key === undefined || problem.includes(`"${key}"`) ? '' : `${shown(key)}: `
  return `${placed(place)}${subject}${shown(problem)}${hint === undefined ? '' : ` – ${shown(hint)}`}`
}

/** `file:line:column: `, or nothing for a value that no file holds. */
function placed(place: Place | undefined): string {
  if (place === undefined) return ''
  const position = [place.line, place.column].filter((part) => part !== undefined).map((part) => `:${part}`)
  return `${shown(place.file)}${position.join('')}: `
}

const GRANT_WORDS: Record<Grant['kind'], string> = {
  read: 'read',
  write: 'write',
  unmask: 'show secret',
  env: 'env',
  network: 'network',
  ssh: 'ssh agent',
  home: 'home',
  protect: 'protection',
  names: 'names in secrets',
}

function unapproved(grants: readonly Grant[], command: readonly string[]): string[] {
  const lines = grants.map(
    ({ kind, value, file, line }) =>
      `  ${GRANT_WORDS[kind].padEnd(9)} ${shown(value)}   ${shown(file)}${line === undefined ? '' : `:${line}`}`,
  )
  const count = grants.length === 1 ? '1 grant that you have' : `${grants.length} grants that you have`
  return [
    `the repository's policy asks for ${count} not approved; nothing was started`,
    ...lines,
    `run without: agentbox run --without-grants -- ${command.map(shellWord).join(' ')}`,
  ]
}

function usernsRefused(by: 'apparmor' | 'sysctl' | 'unknown', stderr: string): string[] {
  const first = 'this system does not let bubblewrap make user namespaces; nothing was started'
  switch (by) {
    case 'apparmor':
      return [
        first,
        'AppArmor restricts them (Ubuntu). Allow bwrap: put this into /etc/apparmor.d/bwrap and run: sudo systemctl reload apparmor',
        '  abi <abi/4.0>, include <tunables/global>',
        '  profile bwrap /usr/bin/bwrap flags=(unconfined) { userns, }',
      ]
    case 'sysctl':
      return [
        first,
        'allow them: sudo sysctl user.max_user_namespaces=10000 kernel.unprivileged_userns_clone=1',
      ]
    case 'unknown':
      return [first, ...stderrLines(stderr)]
  }
}

function stderrLines(stderr: string): string[] {
  return stderr
    .split('\n')
    .filter((line) => line !== '')
    .slice(0, 5)
    .map((line) => shown(line))
}

/** The whole message, ready for stderr. */
export function render(problem: Problem): string {
  const [first, ...rest] = describe(problem)
  return [`agentbox: ${first}`, ...rest.map((line) => `          ${line}`)]
    .map((line) => `${line}\n`)
    .join('')
}
