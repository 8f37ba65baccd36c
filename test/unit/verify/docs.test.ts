import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { topics } from '../../../src/verify/types.ts'

// To renew it: npx vitest run --project unit test/unit/verify/docs.test.ts -u
it('docs/verify.md names every topic', async () => {
  const page = readFileSync('docs/verify.md', 'utf8')
  const rows = [['topic', 'claim'], ...Object.entries(topics)]
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]!.length)))
  const line = (cells: readonly string[], fill = ' '): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column]!, fill)).join(' | ')} |`
  const [head, ...body] = rows
  const table = [line(head!), line(['---', '---'], '-'), ...body.map((row) => line(row))].join('\n')
  const [before, after] = page.split(/<!-- topics -->[^]*<!-- \/topics -->/)
  await expect(`${before}<!-- topics -->\n\n${table}\n\n<!-- /topics -->${after}`).toMatchFileSnapshot(
    '../../../docs/verify.md',
  )
})
