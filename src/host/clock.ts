/**
 * Milliseconds of a clock that nobody sets, for differences. `performance` would do as well, but its first use
 * loads seven modules of Node's, which takes some milliseconds of a launch.
 */
export function milliseconds(): number {
  const [seconds, nanoseconds] = process.hrtime()
  return seconds * 1e3 + nanoseconds / 1e6
}
