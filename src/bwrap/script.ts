import { toBytes } from '../host/bytes.ts'
import { INIT_PATH } from '../plan/build.ts'
import type { LaunchPlan, SandboxOp } from '../plan/ops.ts'
import type { Placeholder } from '../protect/paths.ts'
import { shellWord, shown } from '../ui/escape.ts'
import { alwaysFlags, MOST_OPTIONS, opOptions, type BackingFiles } from './argv.ts'

/** What stands for the directory of backing files until the script has made one. */
const FILES = '@agentbox-files@'

export interface ScriptInput {
  plan: LaunchPlan
  /** Absolute. */
  bwrap: string
  /** The seccomp program's bytes. */
  seccomp: Buffer
  placeholders: readonly Placeholder[]
  /** Host directories that must exist (the private home). */
  directories: readonly string[]
  version: string
}

/**
 * The box as a stand-alone bash script: the complete bwrap command with a comment on every mount, the
 * mask files and the filter inside it. It needs bash, coreutils and bubblewrap, not agentbox. Pure.
 */
export function renderScript(input: ScriptInput): string {
  const { plan } = input
  const { files, contents } = backing()
  const ops = printed(plan).filter((op) => op.dest !== INIT_PATH)
  const mounts = ops.map((op) => `  # ${shown(op.why)}\n  ${words(opOptions(op, files))}`)
  return [
    header(input, ops.flatMap((op) => opOptions(op, files)).length),
    'files=$(mktemp -d)',
    `trap 'rm -rf -- "$files"' EXIT`,
    ': > "$files/empty"; chmod 0444 "$files/empty"',
    ': > "$files/denied"; chmod 0000 "$files/denied"',
    'put() { base64 -d > "$files/$1"; chmod 0444 "$files/$1"; }',
    ...contents().map((text, index) => `put ${index} <<'END'\n${base64(toBytes(text))}\nEND`),
    `put seccomp <<'END'\n${base64(input.seccomp)}\nEND`,
    ...input.directories.map((path) => `mkdir -p -m 0700 -- ${shellWord(path)}`),
    ...input.placeholders.map(placeholderLine),
    '',
    '# Nothing of this shell goes in but standard input, output and error, and no directory by these.',
    'for fd in /proc/$$/fd/*; do fd=${fd##*/}; [ "$fd" -le 2 ] || [ "$fd" -eq 255 ] || eval "exec $fd>&-"; done',
    // A directory is a way to all that is around it, past masks.
    'for fd in 0 1 2; do [ ! -d /proc/$$/fd/$fd ] || eval "exec $fd<> /dev/null"; done',
    'exec 9< "$files/seccomp"',
    '',
    'options=(',
    `  ${words(alwaysFlags)}`,
    ...(plan.network === 'host' ? ['  --share-net'] : []),
    ...mounts,
    `  --chdir ${shellWord(plan.cwd)}`,
    '  --seccomp 9',
    ')',
    `environment=(\n${envWords(plan).join('\n')}\n)`,
    `command=(${words(plan.argv)})`,
    '[ $# -eq 0 ] || command=("$@")',
    'umask "$mask"',
    '',
    `env -i "\${environment[@]}" ${shellWord(input.bwrap)} "\${options[@]}" -- "\${command[@]}" 255>&-`,
    '',
  ].join('\n')
}

/** bwrap's arguments, a line each, as shell words; `$files` stands for the session's directory. Pure. */
export function renderArgv(plan: LaunchPlan, bwrap: string): string {
  const { files } = backing()
  const options = printed(plan).flatMap((op) => [words(opOptions(op, files))])
  const network = plan.network === 'host' ? ['--share-net'] : []
  const init = [INIT_PATH, 'init', '--', ...plan.argv]
  const lines = [shellWord(bwrap), words(alwaysFlags), '--as-pid-1', ...network, ...options]
  return `${[...lines, words(['--chdir', plan.cwd]), '--seccomp 6', '--', words(init)].join(' \\\n  ')}\n`
}

/** The user's own files are named, not told. */
function printed({ ops }: LaunchPlan): SandboxOp[] {
  return ops.map((op) =>
    op.kind === 'given' && op.own
      ? { kind: 'bind', source: op.dest, dest: op.dest, access: 'ro', why: op.why }
      : op,
  )
}

function header({ plan, version }: ScriptInput, options: number): string {
  return [
    '#!/usr/bin/env bash',
    `# The box of ${shown(plan.project)}, printed by agentbox ${version}.`,
    '# Run it for the same box without agentbox; arguments replace the command.',
    '#',
    '# Left out, since it needs agentbox: its pid 1 (so Ctrl-C ends the box, and Ctrl-Z stops all of it), the',
    '# Landlock scope that closes abstract sockets when the network is shared, and the check that nothing was',
    '# swapped while the box was built. The list of masked files is the one of the moment of printing.',
    ...(plan.network === 'allow'
      ? ['# Also left out: the proxy, which agentbox runs outside. This box has no network at all.']
      : []),
    ...(options > MOST_OPTIONS
      ? [
          '# These are more mounts than bwrap takes in one command: agentbox itself lays the masks by its helper.',
        ]
      : []),
    'set -euo pipefail',
    'mask=$(umask)',
    'umask 077',
  ].join('\n')
}

function placeholderLine({ path, kind, content = '' }: Placeholder): string {
  const word = shellWord(path)
  return kind === 'directory'
    ? `[ -d ${word} ] || mkdir -- ${word}`
    : `[ -e ${word} ] || printf %s ${shellWord(content)} > ${word}`
}

function backing(): { files: BackingFiles; contents: () => string[] } {
  const known: string[] = []
  const content = (text: string): string => {
    if (!known.includes(text)) known.push(text)
    return `${FILES}/${known.indexOf(text)}`
  }
  const made = (text: string, dest: string): string[] => ['--ro-bind', content(text), dest]
  return {
    files: { empty: `${FILES}/empty`, denied: `${FILES}/denied`, content, made },
    contents: () => known,
  }
}

function words(options: readonly string[]): string {
  return options.map(word).join(' ')
}

function word(text: string): string {
  return text.startsWith(`${FILES}/`) ? `"$files"${shellWord(text.slice(FILES.length))}` : shellWord(text)
}

/** The user's own values stay out of what is printed: they are taken where the script runs. */
function envWords({ env, passed }: LaunchPlan): string[] {
  return Object.entries(env).map(([name, value]) =>
    passed.includes(name) ? `  \${${name}+"${name}=$${name}"}` : `  ${shellWord(`${name}=${value}`)}`,
  )
}

function base64(bytes: Buffer): string {
  return (bytes.toString('base64').match(/.{1,100}/g) ?? []).join('\n')
}

/** For `plan --format json`: every operation with the options that it becomes. Pure. */
export function planDocument(plan: LaunchPlan): unknown {
  const { files } = backing()
  const ops = printed(plan).map((op) => ({ ...op, options: opOptions(op, files) }))
  const made = Object.entries(plan.env).filter(([name]) => !plan.passed.includes(name))
  return { version: 1, ...plan, env: Object.fromEntries(made), ops, flags: [...alwaysFlags, '--as-pid-1'] }
}
