import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { fsPath } from '../host/bytes.ts'
import { lstatOf } from '../host/files.ts'
import { isWithin } from '../host/paths.ts'
import type { LaunchPlan } from '../plan/ops.ts'
import { fnv } from './hash.ts'
import type { HostReadings } from './types.ts'

/** Every shell sets them, also the one that starts the probe. */
const OF_SHELLS = new Set(['_', 'PWD', 'OLDPWD', 'SHLVL'])

/** Larger than any file that stands in for another. */
const LIMIT = 16 << 20

/** What the answers from the box are compared with: read on the host, and none of it is printed. */
export function readHost(plan: LaunchPlan, home: string, variables: NodeJS.ProcessEnv): HostReadings {
  return {
    namespaces: namespaces(),
    privatePaths: privatePaths(plan, home),
    content(path) {
      try {
        const stat = lstatOf(path)
        if (stat?.isFile() !== true || stat.size > LIMIT) return undefined
        const bytes = readFileSync(fsPath(path))
        return { size: bytes.length, hash: fnv(bytes) }
      } catch {
        return undefined
      }
    },
    variables: Object.keys(variables).filter(
      (name) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !OF_SHELLS.has(name),
    ),
  }
}

function namespaces(): Record<string, string> {
  const all = readdirSync('/proc/self/ns').filter((name) => !name.endsWith('_for_children'))
  return Object.fromEntries(all.map((name) => [name, readlinkSync(`/proc/self/ns/${name}`)]))
}

/** What stands in the home and neither is shown by the plan nor lies around something that is. */
function privatePaths(plan: LaunchPlan, home: string): string[] {
  const own = plan.ops.find(({ dest }) => dest === home)
  const shown = plan.ops.map(({ dest }) => dest).filter((dest) => dest !== home)
  const kept = own?.kind === 'bind' ? own.source : undefined
  return (
    entries(home)
      .map((name) => `${home}/${name}`)
      .filter((path) => !shown.some((dest) => isWithin(dest, path) || isWithin(path, dest)))
      // The private home may have one of its own under that name.
      .filter((path) => kept === undefined || lstatOf(`${kept}${path.slice(home.length)}`) === undefined)
  )
}

function entries(dir: string): string[] {
  try {
    return readdirSync(dir)
  } catch {
    return []
  }
}
