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
  return markdownTable(['key', 'kind', 'takes', 'default', 'layers', 'meaning'], rows)
}

/** Columns padded as the formatter wants them, an empty line before and after. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]!.length)))
  const line = (cells: readonly string[], fill = ' '): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column]!, fill)).join(' | ')} |\n`
  const rule = line(
    head.map(() => '---'),
    '-',
  )
  return `\n${line(head)}${rule}${rows.map((row) => line(row)).join('')}\n`
}

/** A lone `*` would begin an emphasis. */
function escaped(text: string): string {
  return text.replaceAll('*', '\\*')
}
