import { lstatOf, readThroughLinks, realpathOf } from '../host/files.ts'
import { installationAt, shimNames, wantedNames } from '../shells/installation.ts'
import { shells as known } from '../shells/index.ts'
import { probe, type ProbedShell, type Resolution } from '../host/shell-probe.ts'
import type { Check, DoctorContext, Finding } from './types.ts'

export const shells: Check = {
  id: 'shells',
  about: 'every way in which a command could miss its shim in the shells that you use',
  run: examineShells,
}

const finding = (severity: Finding['severity'], problem: string, why: string, mend: string): Finding => ({
  ...{ check: 'shells', severity, problem, why, mend },
})

async function examineShells(context: DoctorContext): Promise<Finding[]> {
  const at = installationAt(context.dirs.data, context.installDir)
  const names = shimNames(at)
  if (names.length === 0) {
    const why = 'an agent’s name starts the agent without a box, here as everywhere'
    return [finding('warning', 'no shims are installed', why, 'agentbox activate --write')]
  }
  const used = known.map(({ name }) => name).filter((name) => isUsed(name, context))
  const probed = await Promise.all(used.map((name) => examineShell(name, names, at.shims, context)))
  return [...installed(names, at.shims, context), ...probed.flat(), ...early(context)]
}

/** The user's own shell, and those that have start files and are there. */
function isUsed(name: string, { env, facts }: DoctorContext): boolean {
  if (!['/usr/bin', '/bin', '/usr/local/bin'].some((dir) => lstatOf(`${dir}/${name}`) !== undefined))
    return false
  if ((env['SHELL'] ?? facts.shell).endsWith(`/${name}`)) return true
  const place = { home: facts.home, env, exists: (path: string) => lstatOf(path) !== undefined }
  const files = known.find((shell) => shell.name === name)!.startFiles(place)
  return files.some(({ path }) => !path.endsWith('/.profile') && lstatOf(path) !== undefined)
}

function installed(names: readonly string[], shims: string, { situation }: DoctorContext): Finding[] {
  const broken = names.filter((name) => realpathOf(`${shims}/${name}`) === undefined)
  const wanted = situation === undefined ? [] : wantedNames(situation.policy)
  const missing = wanted.filter((name) => !names.includes(name))
  return [
    ...(broken.length === 0
      ? []
      : [
          finding(
            'error',
            `shims lead nowhere: ${broken.join(', ')}`,
            'shells pass over them, so agents start without a box',
            'agentbox shims install',
          ),
        ]),
    ...(missing.length === 0
      ? []
      : [
          finding(
            'warning',
            `no shim for ${missing.join(', ')}`,
            'it starts without a box',
            'agentbox shims install',
          ),
        ]),
  ]
}

const MODES: readonly [string, readonly string[]][] = [
  ['interactive', ['-i']],
  ['login', ['-l']],
]

async function examineShell(
  shell: string,
  names: readonly string[],
  shims: string,
  context: DoctorContext,
): Promise<Finding[]> {
  const env = freshEnv(shell, context)
  const found = await Promise.all(
    MODES.map(async ([mode, flags]) => ({
      mode,
      started: `${shell} ${flags.join(' ')}`,
      got: await probe(shell, flags, names, env),
    })),
  )
  return found.flatMap(({ mode, got, started }) =>
    got === undefined
      ? [
          finding(
            'note',
            `${shell} did not answer when started as: ${started}`,
            'its start files wait for something, or end it, where there is no terminal',
            `look by yourself: ${started} -c 'type claude'`,
          ),
        ]
      : judge(shell, mode, got, shims),
  )
}

/** Exported for its test. */
export function judge(shell: string, mode: string, { before, after }: ProbedShell, shims: string): Finding[] {
  const where = `${shell}, ${mode}`
  const misses = (list: readonly Resolution[]) => list.filter((one) => !reaches(one, shims))
  const last = misses(after ?? before)
  if (last.length > 0) {
    const why = 'what this shell starts by these names is not boxed'
    return [finding('warning', `${where}: ${describe(last)}`, why, `agentbox activate ${shell} --write`)]
  }
  // Before the first prompt: what `-c` runs.
  const late = misses(before)
  if (late.length === 0) return []
  return [
    finding(
      'note',
      `${where}: only right from the first prompt on: ${describe(late)}`,
      `${shell} -${mode === 'login' ? 'l' : 'i'} -c and scripts go around the box`,
      'move our line (# agentbox activate) to the end of the start file',
    ),
  ]
}

/** An alias or a function that calls the plain name comes to the shim behind it. */
function reaches({ kind, path, name, text }: Resolution, shims: string): boolean {
  if (kind === 'alias' || kind === 'function') {
    const body = text
      .replace(/^\s*(?:function\s+)?\S+\s*\(\s*\)|^\s*function\s+\S+(?:\s+--\S+)*/, '')
      .replaceAll(/AGENTBOX_PROGRAM=\S+/g, '')
    const plain = new RegExp(`(?:^|[\\s;&|({\\\\])${name.replaceAll(/[.+]/g, '\\$&')}(?:$|[\\s;&|)])`).test(
      body,
    )
    return plain && !body.includes(`/${name}`)
  }
  return (
    kind === 'file' && (path === `${shims}/${name}` || realpathOf(path)?.endsWith('/shell/shim.sh') === true)
  )
}

function describe(list: readonly Resolution[]): string {
  const text = ({ name, kind, path }: Resolution): string =>
    kind === 'file'
      ? `${name} is ${path}`
      : kind === 'nothing'
        ? `${name} is not found`
        : `${name} is ${kind === 'alias' ? 'an' : 'a'} ${kind}`
  const [first, ...rest] = list
  return rest.length === 0 ? text(first!) : `${text(first!)}, and ${rest.length} more`
}

/** As after a log-in: nothing inherited from an activated shell. */
function freshEnv(shell: string, { facts, env }: DoctorContext): Record<string, string> {
  const { home, user } = facts
  const kept = ['XDG_DATA_HOME', 'XDG_STATE_HOME', 'XDG_CONFIG_HOME', 'ZDOTDIR', 'LANG'].flatMap((name) =>
    env[name] === undefined ? [] : [[name, env[name]] as const],
  )
  return {
    ...Object.fromEntries(kept),
    ...{ HOME: env['HOME'] ?? home, USER: user, LOGNAME: user, SHELL: `/bin/${shell}`, TERM: 'dumb' },
    ...{ PATH: '/usr/local/bin:/usr/bin:/bin', AGENTBOX_QUIET: '1' },
  }
}

/** `ssh host claude` has bash read ~/.bashrc, which on many systems ends at once for it. */
function early({ facts }: DoctorContext): Finding[] {
  const text = readThroughLinks(`${facts.home}/.bashrc`, 2 ** 20)?.toString('latin1') ?? ''
  const at = text.indexOf('# agentbox activate')
  if (at < 0 || !/^\s*(?:\*\)|\[.*)?[^#\n]*\breturn\b/m.test(text.slice(0, at))) return []
  return [
    finding(
      'note',
      '~/.bashrc returns early where there is no terminal, before our line',
      'ssh THIS-HOST claude, and other programs’ remote commands, find no shims',
      'to have them there too, put this first into ~/.bashrc: . ~/.local/share/agentbox/activate.sh',
    ),
  ]
}
