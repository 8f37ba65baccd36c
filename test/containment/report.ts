import { catalogue, threatsOf, type Threat } from './catalogue.ts'
import { ALL_GROUPS, snapshot, type Answer, type World } from './world.ts'

/** What one sandbox did, by threat. */
export interface Outcome {
  threat: Threat
  /** Probes that passed, of those that were tried. */
  passed: number
  tried: number
  /** `name detail`. */
  failed: string[]
  skipped: string[]
}

/** The whole catalogue inside a sandbox command, and what it left behind. */
export async function examine(world: World, prefix: 'bare' | readonly string[]): Promise<Outcome[]> {
  const before = snapshot(world.project.protected)
  const answer = await world.ask(prefix, [...ALL_GROUPS, 'network', 'live'], { limit: 280_000 })
  const after = snapshot(world.project.protected)
  const changed = Object.keys(after).filter((path) => after[path] !== before[path])
  const status = await world.home.must(['git', 'status', '--porcelain'], { cwd: world.project.place })
  const left = [
    ...changed.map((path) => `after:changed ${path}`),
    ...(status === '' ? [] : [`after:git-status ${JSON.stringify(status)}`]),
  ]
  return outcomes(answer, left)
}

function outcomes({ verdicts, failures, skipped }: Answer, left: readonly string[]): Outcome[] {
  const names = [...verdicts.keys()]
  const belongs = (threat: Threat, line: string): boolean => threatsOf(line.split(' ')[0]!).includes(threat)
  return catalogue
    .filter(({ compared }) => compared)
    .map((threat) => {
      const mine = names.filter((name) => threatsOf(name).includes(threat))
      const untried = skipped.filter((line) => belongs(threat, line))
      const failed = failures.filter((line) => belongs(threat, line))
      const tried = mine.length - untried.length
      const more = threat.id === 'plant' ? left : []
      return {
        threat,
        passed: tried - failed.length,
        tried: tried + more.length,
        failed: [...failed, ...more],
        skipped: untried,
      }
    })
}

/** The report for a person: one line a threat, and below it what failed. */
export function reportText(found: readonly Outcome[], details: boolean): string {
  const lines = found.flatMap(({ threat, passed, tried, failed, skipped }) => [
    `${failed.length === 0 ? 'ok  ' : 'FAIL'} ${`${passed} of ${tried}`.padStart(10)}  ${threat.what}`,
    ...(details ? failed.map((line) => `         FAIL ${line}`) : []),
    ...(details ? skipped.map((line) => `         SKIP ${line}`) : []),
  ])
  return `${lines.join('\n')}\n`
}
