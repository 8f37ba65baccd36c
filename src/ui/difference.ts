import { isWider, type PolicyDifference, type Restriction } from '../config/difference.ts'
import type { Grant } from '../errors.ts'
import { shown } from './escape.ts'
import { counted, grantRows, indented, placeText } from './grants.ts'
import { table } from './table.ts'

/** The difference of two policies, for a terminal and for a pull request. Pure. */

export function differenceText(difference: PolicyDifference, title: string, project: string): string {
  const rows = rowsOf(difference, project)
  if (rows.length === 0) return `${shown(title)}: nothing changes for agents\n`
  return `${shown(title)}: ${verdict(difference)}\n\n${indented(table(rows.map(([sign, kind, ...rest]) => [`${sign} ${kind}`, ...rest])))}`
}

export function differenceMarkdown(difference: PolicyDifference, title: string, project: string): string {
  const rows = rowsOf(difference, project)
  const head = `### agentbox policy: ${code(title)}\n\n`
  if (rows.length === 0) return `${head}Nothing changes for agents.\n`
  const lines = rows.map(
    ([sign, kind, what, value, place]) =>
      `| ${sign === '+' ? 'added' : 'removed'} | ${kind} | ${code(what!)} | ${code(value!)} | ${code(place!)} |\n`,
  )
  const bold = isWider(difference) ? '**' : ''
  return `${head}${bold}${sentence(verdict(difference))}${bold}\n\n|  | | | | |\n| --- | --- | --- | --- | --- |\n${lines.join('')}\nEverybody who works here approves new grants for themselves: \`agentbox allow\`.\n`
}

/** Sign, grant or restriction, what, value, place. A restriction that goes gives agents more, like a grant that comes. */
function rowsOf({ grants, restrictions }: PolicyDifference, project: string): string[][] {
  const grant = (sign: string, list: readonly Grant[]) =>
    grantRows(list, project).map((row) => [sign, 'grant', ...row])
  const limit = (sign: string, list: readonly Restriction[]) =>
    list.map(({ what, value, ...place }) => [
      sign,
      'restriction',
      what,
      near(value, project),
      placeText(place, project),
    ])
  return [
    ...grant('+', grants.added),
    ...grant('-', grants.removed),
    ...limit('+', restrictions.added),
    ...limit('-', restrictions.removed),
  ]
}

function verdict({ grants, restrictions }: PolicyDifference): string {
  const parts = [
    [grants.added.length, 'new grant'],
    [restrictions.removed.length, 'restriction that goes'],
    [grants.removed.length, 'grant that goes'],
    [restrictions.added.length, 'new restriction'],
  ] as const
  const said = parts.filter(([count]) => count > 0).map(([count, what]) => plural(count, what))
  const more = grants.added.length + restrictions.removed.length > 0
  return `${more ? 'agents get more' : 'agents get no more than before'}: ${said.join(', ')}`
}

function plural(count: number, what: string): string {
  const [noun = '', ...rest] = what.split(' that goes')
  return rest.length === 0
    ? counted(count, noun)
    : `${counted(count, noun)} that ${count === 1 ? 'goes' : 'go'}`
}

function near(path: string, project: string): string {
  return shown(path.startsWith(`${project}/`) ? path.slice(project.length + 1) : path)
}

const sentence = (text: string): string => `${text[0]!.toUpperCase()}${text.slice(1)}.`

/** As code, whatever the repository put into it: no backtick ends it, no bar ends the cell. */
function code(text: string): string {
  const safe = shown(text).replaceAll('|', '\\|')
  return safe === '' ? '' : `\`\` ${safe.replaceAll('``', '` `')} \`\``
}
