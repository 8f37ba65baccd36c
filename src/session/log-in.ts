/** What changes in a log-in that is refreshed; by key, or by the key above it. */
const MOVING = /token|secret|expir|refresh|access|key$/i
/** What says whose it is or where it is sent, whatever stands above it. */
const STEADY = /account|organi[sz]ation|email|url|endpoint|host|type$/i

type Json = Record<string, unknown>

/**
 * The user's own log-in with what the box has refreshed of it. Whatever else stands in the file (addresses, accounts,
 * trusted directories) steers the agent outside, and stays as it was. Pure.
 */
export function refreshed(host: Json, inside: Json, above = ''): Json {
  const out: Json = {}
  for (const [key, value] of Object.entries(host)) {
    const now = Object.hasOwn(inside, key) ? inside[key] : value
    if (isObject(value) && isObject(now)) out[key] = refreshed(value, now, key)
    else out[key] = mayMove(key, above) && isRefreshed(value, now) ? now : value
  }
  return out
}

const mayMove = (key: string, above: string): boolean =>
  !STEADY.test(key) && (MOVING.test(key) || MOVING.test(above))

function isRefreshed(value: unknown, now: unknown): boolean {
  if (typeof value === 'number') return typeof now === 'number'
  return typeof value === 'string' && typeof now === 'string' && !`${value} ${now}`.includes('://')
}

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
