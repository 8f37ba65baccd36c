import { statSync } from 'node:fs'
import { lstatOf, realpathOf } from '../host/files.ts'
import { parentOf } from '../host/paths.ts'
import type { Check, DoctorContext, Finding } from './types.ts'

export const installation: Check = {
  id: 'installation',
  about: 'agentbox itself: Node, the helper, who may write to its files and its state',
  run: (context) => [...node(process.versions.node), ...helper(context), ...state(context)],
}

/** Exported for its test. */
export function node(text: string): Finding[] {
  const [major = 0, minor = 0] = text.split('.').map(Number)
  if (major > 20 || (major === 20 && minor >= 19)) return []
  return [
    {
      check: 'installation',
      severity: 'error',
      problem: `this is Node ${text}; 20.19 or newer is needed`,
      why: 'agentbox is not tried with it',
      mend: 'install a newer Node, then: agentbox shims install',
    },
  ]
}

function helper({ installDir, facts }: DoctorContext): Finding[] {
  const path = `${installDir}/agentbox-helper`
  const stat = lstatOf(path)
  if (stat === undefined || (stat.mode & 0o111) === 0) {
    return [
      {
        check: 'installation',
        severity: 'error',
        problem: `${path} is missing or not executable`,
        why: 'no box can be started',
        mend: 'install agentbox again, or in its checkout: npm run build',
      },
    ]
  }
  return writableByOthers([path, installDir, parentOf(installDir)], facts.uid)
}

/** Whoever can write to what runs outside the box needs no way out of it. */
function writableByOthers(paths: readonly string[], uid: number): Finding[] {
  return paths.flatMap((path) => {
    const real = realpathOf(path)
    const stat = real === undefined ? undefined : statSync(real)
    if (stat === undefined || ((stat.uid === uid || stat.uid === 0) && (stat.mode & 0o002) === 0)) return []
    return [
      {
        check: 'installation',
        severity: 'error' as const,
        problem: `others may write to ${path}`,
        why: 'they could replace what runs outside the box',
        mend: `chmod o-w ${path}; chown ${uid} ${path}`,
      },
    ]
  })
}

function state({ dirs, facts }: DoctorContext): Finding[] {
  return [dirs.state, dirs.data, dirs.config].flatMap((path): Finding[] => {
    const stat = lstatOf(path)
    if (stat === undefined || (stat.uid === facts.uid && (stat.mode & 0o022) === 0)) return []
    return [
      {
        check: 'installation',
        severity: 'error',
        problem: `${path} belongs to another user, or others may write to it`,
        why: 'what is in it decides what boxes may see; agentbox refuses to use it',
        mend: `chmod 700 ${path}; chown ${facts.uid} ${path}`,
      },
    ]
  })
}
