import type { Grant } from '../errors.ts'
import type { Origin } from '../policy/types.ts'
import type { Status } from '../session/status.ts'
import { shown } from './escape.ts'
import { counted, grantRows, indented, placeText, shortened } from './grants.ts'
import { table } from './table.ts'

const WIDTH = 80
const HEAD = 10

/** One screen about the box here. Pure. */
export function statusText(status: Status, home: string, now: number): string {
  const rows: [string, string[]][] = [
    ['files', fileLines(status, home)],
    ['network', networkLines(status)],
    ['env', environmentLines(status)],
    ['shell', shellLines(status)],
    ['git', gitLines(status)],
    ['warnings', status.warnings.map((text) => shown(text, 500))],
  ]
  const body = rows.flatMap(([name, lines]) =>
    lines.map((line, index) => `${(index === 0 ? name : '').padEnd(HEAD)}${line}\n`),
  )
  return `${headLine(status, home, now)}\n${pendingText(status.pending, status.project)}\n${body.join('')}`
}

function headLine({ project, policies, sessions }: Status, home: string, now: number): string {
  const parts = [shown(shortened(project, home))]
  if (policies.length === 0) parts.push('no policy file: the baseline and your own configuration')
  for (const { path, state, at, approved, pending } of policies) {
    const file = placeText({ file: path }, project)
    const date = at === undefined ? '' : ` ${at.slice(0, 10)}`
    if (state === 'free') parts.push(`${file} asks for nothing more`)
    if (state === 'approved') parts.push(`${file} approved${date} (${counted(approved, 'grant')})`)
    if (state === 'pending') parts.push(`${file}: ${counted(pending, 'grant')} not approved`)
    if (state === 'denied') parts.push(`${file} denied${date}`)
  }
  const live = sessions.map(({ agent, command, began }) => {
    const name = agent === 'generic' ? (command[0] ?? 'a command') : agent
    return `${shown(name, 40)}, ${minutes(now - began)}`
  })
  parts.push(
    live.length === 0
      ? 'no live box'
      : `${counted(live.length, 'live box').replace('boxs', 'boxes')}: ${live.join('; ')}`,
  )
  return parts.join(' · ')
}

function minutes(time: number): string {
  const total = Math.max(0, Math.round(time / 60_000))
  return total < 60 ? `${total} min` : `${Math.floor(total / 60)} h ${total % 60} min`
}

function pendingText(pending: readonly Grant[], project: string): string {
  if (pending.length === 0) return ''
  return `asks for, and has not yet (agentbox allow):\n${indented(table(grantRows(pending, project)))}`
}

function fileLines({ files, project }: Status, home: string): string[] {
  const but = [
    ...(files.protected.length > 0 ? [`${files.protected.length} protected`] : []),
    ...(files.masked.length > 0 ? [`${files.masked.length} masked`] : []),
    ...(files.hidden.length > 0 ? [`${files.hidden.length} hidden`] : []),
  ]
  const near = (path: string): string =>
    shown(path.startsWith(`${project}/`) ? path.slice(project.length + 1) : shortened(path, home))
  const names = (list: readonly { path: string }[]): string =>
    fitting(
      list.map(({ path }) => near(path)),
      22,
    )
  const some = (name: string, list: readonly { path: string }[]): string[][] =>
    list.length === 0 ? [] : [[`  ${name}`, names(list)]]
  const rows = [
    ['project', `read-write${but.length === 0 ? '' : `   except ${but.join(', ')}`}`],
    ...some('masked', files.masked),
    ...some('protected', files.protected),
    ...some('hidden', files.hidden),
    ...files.granted.map(({ path, access, why }) => [
      near(path),
      `${access === 'rw' ? 'read-write' : 'read-only'}   ${shown(why.replace(`${project}/`, ''))}`,
    ]),
    ...(files.toolchains.length === 0
      ? []
      : [['toolchains', `read-only   ${fitting(files.toolchains, 34)}`]]),
    ['home', files.home === 'private' ? "private, this repository's own" : 'ephemeral: gone at the end'],
  ]
  return lines(rows)
}

function networkLines({ network, ssh, project }: Status): string[] {
  const { mode, origin, allow, deny } = network
  const also = [
    ...portLines(network),
    ...(ssh.value === 'agent' ? [`ssh     your agent's keys${byText(ssh.origin, project)}`] : []),
  ]
  switch (mode) {
    case 'none':
      return [`none${byText(origin, project)}`, ...also]
    case 'host':
      return [`host${byText(origin, project)}: that of this machine, unfiltered`, ...also]
    case 'allow':
      return [
        `allow   ${fitting(
          allow.map(({ value }) => (value === '@agent' ? "@agent (the agent's own)" : shown(value))),
          HEAD + 8,
        )}`,
        ...(deny.length === 0
          ? []
          : [
              `deny    ${fitting(
                deny.map(({ value }) => shown(value)),
                HEAD + 8,
              )}`,
            ]),
        ...also,
      ]
  }
}

function portLines({ ports, expose, credentials }: Status['network']): string[] {
  const row = (name: string, list: readonly (string | number)[], what: string): string[] =>
    list.length === 0
      ? []
      : [
          `${name.padEnd(8)}${fitting(
            list.map((one) => shown(String(one))),
            HEAD + 40,
          )}   ${what}`,
        ]
  return [
    ...row('ports', ports, 'of this machine, for the box'),
    ...row('expose', expose, 'of the box, for your browser'),
    ...row('keys', credentials, 'added outside the box'),
  ]
}

function byText(origin: Origin, project: string): string {
  const { file, line } = origin
  return file === undefined ? '' : ` (${placeText({ file, line }, project)})`
}

function environmentLines({ env: { passed, withheld, secret } }: Status): string[] {
  const like = secret.length === 0 ? '' : `, ${secret.length} of them named like secrets`
  return [
    `${passed.length} pass   ${fitting(
      passed.map((name) => shown(name, 40)),
      HEAD + 10,
    )}`,
    `${withheld.length} withheld${like}`,
  ]
}

function shellLines({ shell: { shims, activated } }: Status): string[] {
  const missing = activated.filter((one) => !one.activated).map(({ shell }) => shell)
  const done = activated.filter((one) => one.activated).map(({ shell }) => shell)
  // A shell that was there before its start file had the line.
  const remedy = done.length === 0 ? 'agentbox activate --write' : 'exec "$SHELL"'
  const words = {
    first: 'shims first in PATH',
    late: 'shims come late in PATH – agentbox activate --write',
    missing: `no shims in PATH: agents start unboxed – ${remedy}`,
  }[shims]
  return [
    `${words}${done.length === 0 ? '' : `   ${done.join(', ')}`}`,
    ...missing.map((name) => `${name}: not activated – agentbox activate ${name} --write`),
  ]
}

function gitLines({ hooks }: Status): string[] {
  if (hooks === undefined) return ['no repository']
  const installed = hooks.states.filter(({ via }) => via !== undefined)
  const beside = hooks.manager === undefined ? '' : `   beside ${shown(hooks.manager)}`
  if (installed.length === 0) return [`hooks not installed${beside} – agentbox hooks install`]
  const whole = installed.length === hooks.states.length && !installed.some(({ outdated }) => outdated)
  return [
    whole
      ? `hooks installed${beside}`
      : `${installed.length} of ${hooks.states.length} hooks installed${beside} – agentbox hooks install`,
  ]
}

function lines(rows: readonly (readonly string[])[]): string[] {
  return table(rows).trimEnd().split('\n')
}

/** As many words as a line has room for after `used` columns; the rest is counted. */
function fitting(words: readonly string[], used: number): string {
  const room = WIDTH - used
  let text = ''
  for (const [index, word] of words.entries()) {
    const next = text === '' ? word : `${text}, ${word}`
    const rest = words.length - index - 1
    const tail = rest === 0 ? 0 : ` and ${rest} more`.length
    if (next.length + tail > room && text !== '') return `${text} and ${words.length - index} more`
    text = next
  }
  return text
}
