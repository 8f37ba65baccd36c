/** Counts the milliseconds of the processor from here on, which a machine that does much else has no more of. */
export function startWork(): () => number {
  const before = process.cpuUsage()
  return () => {
    const { user, system } = process.cpuUsage(before)
    return (user + system) / 1000
  }
}
