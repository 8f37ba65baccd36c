import { release } from 'node:os'
import { readRegular } from '../host/files.ts'
import { makeCgroup } from '../session/cgroup.ts'
import type { Check, Finding } from './types.ts'

/** Watches that a large project takes, one a directory, with room for an editor beside it. */
const ENOUGH_WATCHES = 65_536
const ENOUGH_INSTANCES = 128

export const kernel: Check = {
  id: 'kernel',
  about: 'Linux: version, user namespaces, limits on watching, cgroups for limits',
  run: () => [...version(release()), ...watches(), ...cgroups()],
}

/** Exported for its test. */
export function version(text: string): Finding[] {
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(text) ?? []
  const is = Number(major) * 1000 + Number(minor)
  if (is >= 6012) return []
  if (is >= 5012) {
    return [
      {
        check: 'kernel',
        severity: 'note',
        problem: `Linux ${text} has no Landlock scopes (6.12)`,
        why: 'with network.mode: host the agent reaches abstract sockets of the desktop (X11, D-Bus)',
        mend: 'use network.mode: allow or none, or a newer kernel',
      },
    ]
  }
  return [
    {
      check: 'kernel',
      severity: 'error',
      problem: `Linux ${text} is too old: 5.12 or newer is needed`,
      why: 'secrets that appear during a session could not be masked, so no agent is started',
      mend: 'update the kernel',
    },
  ]
}

function watches(): Finding[] {
  const short = (name: string, enough: number): Finding[] => {
    const value = Number(readRegular(`/proc/sys/fs/inotify/${name}`, 32)?.toString('utf8'))
    if (!Number.isFinite(value) || value >= enough) return []
    return [
      {
        check: 'kernel',
        severity: 'warning',
        problem: `fs.inotify.${name} is ${value}`,
        why: 'a large project cannot be watched by inotify alone; agentbox then polls, which is slower',
        mend: `echo fs.inotify.${name}=${enough * 2} | sudo tee /etc/sysctl.d/60-inotify.conf && sudo sysctl --system`,
      },
    ]
  }
  return [...short('max_user_watches', ENOUGH_WATCHES), ...short('max_user_instances', ENOUGH_INSTANCES)]
}

/** Whether the memory of a box can be limited as a whole: it is tried, as a launch does. */
function cgroups(): Finding[] {
  const made = makeCgroup({ memory: 1 << 30 }, `agentbox-${process.pid}-doctor`)
  made?.remove()
  if (made !== undefined) return []
  return [
    {
      check: 'kernel',
      severity: 'note',
      problem: 'here is no control group that may be used for a box',
      why: 'limits.memory holds for each process by itself, and limits.processes not for root; a login by ssh has none, nor has what is limited itself',
      mend: 'systemd-run --user --scope -- agentbox run -- …',
    },
  ]
}
