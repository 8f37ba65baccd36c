// Timing: every program once in each round, so that a busy moment of the machine falls on all of them.
import { capture, Stop } from '../scripts/lib/tools.mjs'

/**
 * Returns, by name, the medians `ms` (wall time) and `kb` (peak memory), and the quarter points of the times.
 */
export function interleaved(cases, runs, program) {
  const samples = new Map(cases.map(({ name }) => [name, []]))
  for (let round = -1; round < runs; round++) {
    for (const one of cases) {
      const sample = once(one, program)
      if (round >= 0) samples.get(one.name).push(sample)
    }
  }
  return new Map([...samples].map(([name, list]) => [name, summary(list)]))
}

function once({ name, argv, cwd, env }, program) {
  const done = capture(program, argv, { cwd, env })
  const [nanoseconds, kb, status] = done.stdout.trim().split(' ').map(Number)
  if (done.status !== 0 || status !== 0) throw new Stop(`bench: ${name}: status ${status}\n${done.stderr}`)
  return { ms: nanoseconds / 1e6, kb }
}

function summary(list) {
  const pick = (key, part) => {
    const sorted = list.map((sample) => sample[key]).toSorted((a, b) => a - b)
    return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]
  }
  return {
    ms: pick('ms', 0.5),
    low: pick('ms', 0.25),
    high: pick('ms', 0.75),
    kb: pick('kb', 0.5),
  }
}
