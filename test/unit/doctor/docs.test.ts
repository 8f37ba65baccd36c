import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { checks } from '../../../src/doctor/index.ts'

// To renew it: npx vitest run --project unit test/unit/doctor/docs.test.ts -u
it('docs/looking.md names every check of doctor', async () => {
  const page = readFileSync('docs/looking.md', 'utf8')
  const rows = [['check', 'what it looks at'], ...checks.map(({ id, about }) => [id, about])]
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]!.length)))
  const line = (cells: readonly string[], fill = ' '): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column]!, fill)).join(' | ')} |`
  const [head, ...body] = rows
  const table = [line(head!), line(['---', '---'], '-'), ...body.map((row) => line(row))].join('\n')
  const [before, after] = page.split(/<!-- checks -->[^]*<!-- \/checks -->/)
  await expect(`${before}<!-- checks -->\n\n${table}\n\n<!-- /checks -->${after}`).toMatchFileSnapshot(
    '../../../docs/looking.md',
  )
})
