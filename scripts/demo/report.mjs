// The demo's report as text, 80 columns.
const WIDTH = 80
const TITLE = 30

export function render(rows, { repository }, colour) {
  const paint = (code, text) => (colour ? `\x1b[${code}m${text}\x1b[0m` : text)
  const groups = [...new Set(rows.map(({ group }) => group))]
  const blocks = groups.map((group) => {
    const lines = rows.filter((row) => row.group === group).map((row) => line(row, paint))
    return `${paint(1, group)}\n${lines.join('\n')}\n`
  })
  const failed = rows.filter(({ ok }) => !ok).length
  const verdict =
    failed === 0 ? paint(32, `all ${rows.length} as expected`) : paint(31, `${failed} NOT as expected`)
  return `\nA box in ${repository}\n\n${blocks.join('\n')}\n${verdict}\n`
}

function line({ ok, title, shown }, paint) {
  const mark = ok ? paint(32, '✓') : paint(31, '✗')
  const room = WIDTH - TITLE - 6
  const plain = printable(shown.split('\n')[0])
  const cut = plain.length > room ? `${plain.slice(0, room - 1)}…` : plain
  return `  ${mark} ${title.padEnd(TITLE)}  ${cut}`
}

/** What came out of the box goes to the user's terminal. */
function printable(text) {
  return text.replaceAll(/[^\x20-\x7e\u00a0-\u024f\u2010-\u2027]/g, '?')
}
