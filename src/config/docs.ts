import { keysOf } from './keys.ts'

/** The table of all keys for docs/policy.md, from the schema; its columns are padded as the formatter wants them. */
export function keysMarkdown(): string {
  const shared = keysOf('repo')
  const own = keysOf('user').filter(({ key }) => !shared.some((one) => one.key === key))
  const rows = [...shared, ...own].flatMap((key) =>
    key.kind === undefined
      ? []
      : [
          [
            `\`${key.key}\``,
            key.kind,
            escaped(key.takes),
            escaped(key.default),
            key.merge,
            escaped(key.about),
          ],
        ],
  )
  const table = [['key', 'kind', 'takes', 'default', 'layers', 'meaning'], ...rows]
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)))
  const line = (cells: readonly string[], fill = ' '): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column]!, fill)).join(' | ')} |\n`
  const [head = [], ...body] = table
  return `\n${line(head)}${line(
    head.map(() => '---'),
    '-',
  )}${body.map((row) => line(row)).join('')}\n`
}

/** A lone `*` would begin an emphasis. */
function escaped(text: string): string {
  return text.replaceAll('*', '\\*')
}
