// How lines of the table are made.

/** "node 20": the name of a Node binary in the table. */
export const label = (node) =>
  node === process.execPath ? `node ${process.versions.node.split('.')[0]}` : 'node 24'

/** A program with a clean environment; `env` adds to it. */
export function program({ home, repository }, name, argv, { cwd = repository, env = {} } = {}) {
  const clean = { HOME: home, PATH: '/usr/local/bin:/usr/bin:/bin', TERM: 'dumb', NO_COLOR: '1' }
  return { name, argv, cwd, env: { ...clean, ...env } }
}

export const ms = (text, value, extra = {}) => ({ text, unit: 'ms', value, ...extra })
export const memory = (text, kb, extra = {}) => ({ text, unit: 'MB', value: kb / 1024, ...extra })
export const signed = (number) => `${number < 0 ? '' : '+'}${number.toFixed(1)}`

/** A ratio to something named, with or without an aim. */
export function times(ratio, of, limit) {
  const against = `${ratio.toFixed(2)} × ${of}`
  return limit === undefined
    ? { ratio, against }
    : { ratio, against, aim: `≤ ${limit} ×`, ok: ratio <= limit }
}
