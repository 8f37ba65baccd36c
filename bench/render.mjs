// The report as text, 80 columns.
export function render({ machine, runs, rows }) {
  const head = `Linux ${machine.kernel}, ${machine.cores} cores, ${machine.bwrap}, Node ${machine.node}; medians of ${runs}`
  const lines = rows.map(({ text, value, unit, digits = 1, against = '', aim = '', ok }) => {
    const verdict = ok === undefined ? '' : ok ? 'ok' : 'MISSED'
    const number = `${value.toFixed(digits)} ${unit}`
    return [text.padEnd(33), number.padStart(8), ` ${against.padEnd(21)}`, aim.padEnd(8), verdict]
      .join(' ')
      .trimEnd()
  })
  return `${head}\n\n${lines.join('\n')}\n`
}
