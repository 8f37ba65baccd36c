import { agents } from './agents.ts'
import { bwrap } from './bwrap.ts'
import { editors } from './editors.ts'
import { credentials } from './credentials.ts'
import { exposure } from './exposure.ts'
import { hooks } from './hooks.ts'
import { history } from './history.ts'
import { installation } from './installation.ts'
import { kernel } from './kernel.ts'
import { policy } from './policy.ts'
import { proxy } from './proxy.ts'
import { shells } from './shells.ts'
import type { Check, DoctorContext, Finding } from './types.ts'
import { unboxed } from './unboxed.ts'
import { unfinished } from './unfinished.ts'

/** Every check, in the order of the report. Adding one is a file in this folder and a line here. */
export const checks: readonly Check[] = [
  bwrap,
  kernel,
  installation,
  policy,
  agents,
  history,
  credentials,
  hooks,
  exposure,
  proxy,
  shells,
  editors,
  unboxed,
  unfinished,
]

/** What all checks, or those of these ids, find; a check that fails is a finding itself. */
export async function examine(context: DoctorContext, ids: readonly string[] = []): Promise<Finding[]> {
  const wanted = checks.filter(({ id }) => ids.length === 0 || ids.includes(id))
  const found = await Promise.all(wanted.map((check) => runCheck(check, context)))
  return found.flat()
}

async function runCheck(check: Check, context: DoctorContext): Promise<Finding[]> {
  try {
    return await check.run(context)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return [
      {
        check: check.id,
        severity: 'warning',
        problem: `could not be looked at: ${reason}`,
        why: 'a problem there would stay unnoticed',
        mend: 'AGENTBOX_DEBUG=1 agentbox doctor',
      },
    ]
  }
}
