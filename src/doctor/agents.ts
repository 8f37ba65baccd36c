import { findExecutable } from '../host/executables.ts'
import { linkTarget, lstatOf } from '../host/files.ts'
import { agents as profiles } from '../policy/agents/index.ts'
import type { Check, DoctorContext, Finding } from './types.ts'

export const agents: Check = {
  id: 'agents',
  about: 'which agents are installed, and whether their shims come first in PATH',
  run(context) {
    const installed = profiles.flatMap(({ commands }) => commands.flatMap((name) => placed(name, context)))
    if (installed.length === 0) {
      return [
        {
          check: 'agents',
          severity: 'note',
          problem: 'no agent that agentbox knows is in PATH',
          why: 'there is nothing to box yet; agentbox run -- COMMAND works with any command',
          mend: `install one of: ${profiles.map(({ name }) => name).join(', ')}`,
        },
      ]
    }
    return installed.flatMap(({ name, found }) => shadowed(name, found, context))
  },
}

function placed(name: string, { env }: DoctorContext): { name: string; found: string }[] {
  try {
    return [{ name, found: findExecutable(name, env['PATH'] ?? '', '/').found }]
  } catch {
    return []
  }
}

/** Where a shell would look first: the shim, or the program itself. */
function shadowed(name: string, found: string, { env, dirs }: DoctorContext): Finding[] {
  const shim = `${dirs.data}/shims/${name}`
  if (linkTarget(shim) === undefined) {
    return [
      {
        check: 'agents',
        severity: 'warning',
        problem: `${name} (${found}) has no shim`,
        why: `${name} runs unboxed when it is typed, in boxed repositories too`,
        mend: 'agentbox shims install',
      },
    ]
  }
  const path = (env['PATH'] ?? '').split(':')
  const first = path.find((dir) => lstatOf(`${dir}/${name}`) !== undefined)
  if (first === `${dirs.data}/shims`) return []
  return [
    {
      check: 'agents',
      severity: 'warning',
      problem: `${name}: ${first ?? found} comes before the shims in PATH`,
      why: `${name} runs unboxed when it is typed in this shell, in boxed repositories too`,
      mend: 'agentbox activate --write',
    },
  ]
}
