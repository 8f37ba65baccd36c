// The last table, in docs/benchmarks.md, and holding a new one against it.
import fs from 'node:fs'
import path from 'node:path'
import { root, say, Stop } from '../scripts/lib/tools.mjs'
import { render } from './render.mjs'

const file = path.join(root, 'docs/benchmarks.md')
const [begin, end] = ['<!-- bench -->\n', '<!-- /bench -->\n']
/** How much worse than the kept ratio is a regression: medians on a busy machine differ by half of this. */
const slack = 1.3

/** The kept ratios by row. */
export function kept() {
  const text = fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : ''
  const data = /^<!-- ratios (\{.*\}) -->$/m.exec(text)
  if (data === null) throw new Stop(`bench: nothing to check against in ${file}: npm run bench -- --write`)
  return JSON.parse(data[1])
}

/** A line for each row whose ratio has become clearly worse. */
export function slower(before, rows) {
  const now = new Map(rows.map(({ text, ratio }) => [text, ratio]))
  return Object.entries(before).flatMap(([text, ratio]) => {
    const found = now.get(text)
    if (found === undefined) return []
    return found > ratio * slack ? [`${text}: ratio ${found.toFixed(2)}, kept ${ratio.toFixed(2)}`] : []
  })
}

/** Replaces the generated part of the page. */
export function write(report) {
  const ratios = Object.fromEntries(
    report.rows
      .filter(({ ratio }) => ratio !== undefined)
      .map(({ text, ratio }) => [text, Number(ratio.toFixed(3))]),
  )
  const part = `${begin}<!-- ratios ${JSON.stringify(ratios)} -->\n\n\`\`\`text\n${render(report)}\`\`\`\n\n${end}`
  const text = fs.readFileSync(file, 'utf8')
  const [from, to] = [text.indexOf(begin), text.indexOf(end)]
  if (from < 0 || to < from) throw new Stop(`bench: no place for the table in ${file}`)
  fs.writeFileSync(file, text.slice(0, from) + part + text.slice(to + end.length))
  say(`bench: written to ${file}`)
}
