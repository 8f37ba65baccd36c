import { chmodSync, lstatSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { makeDirs } from '../../host/make-dirs.ts'
import { fail } from '../../errors.ts'
import { parentOf } from '../../host/paths.ts'
import { callGit } from '../call.ts'
import type { Step } from './steps.ts'

/** Does the steps in their order. Fails with `io` at the first that cannot be done. */
export async function applySteps(cwd: string, steps: readonly Step[]): Promise<void> {
  for (const step of steps) {
    try {
      await apply(cwd, step)
    } catch (error) {
      fail({ code: 'io', action: 'change', path: pathOf(step), reason: (error as Error).message }, error)
    }
  }
}

async function apply(cwd: string, step: Step): Promise<void> {
  switch (step.kind) {
    case 'write':
      return write(step)
    case 'move':
      return renameSync(step.from, step.to)
    case 'remove':
      return rmSync(step.path, { force: true })
    case 'config':
      await config(cwd, '--replace-all', `${step.section}.command`, step.command)
      return config(cwd, '--replace-all', `${step.section}.event`, step.event)
    case 'unconfig':
      return config(cwd, '--remove-section', step.section)
  }
}

/** In one step, so that git never starts half a hook; the mode of a file that is there stays. */
function write({ path, content, executable }: Extract<Step, { kind: 'write' }>): void {
  makeDirs(parentOf(path))
  const mode = lstatSync(path, { throwIfNoEntry: false })?.mode ?? 0o644
  const temporary = `${path}.${process.pid}`
  writeFileSync(temporary, content, { flag: 'wx', mode: 0o600 })
  try {
    chmodSync(temporary, executable ? 0o755 : mode & 0o777)
    renameSync(temporary, path)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
}

async function config(cwd: string, ...args: string[]): Promise<void> {
  const { status, stderr } = await callGit({ cwd, args: ['config', '--local', ...args] })
  if (status !== 0) throw new Error(stderr)
}

function pathOf(step: Step): string {
  switch (step.kind) {
    case 'move':
      return step.from
    case 'config':
    case 'unconfig':
      return `.git/config (${step.section})`
    case 'write':
    case 'remove':
      return step.path
  }
}
