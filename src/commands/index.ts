import { activate } from './activate.ts'
import { completion } from './completion.ts'
import { diff } from './diff.ts'
import { doctor } from './doctor.ts'
import { allow } from './allow.ts'
import { allowHost } from './allow-host.ts'
import { deactivate } from './deactivate.ts'
import { deny } from './deny.ts'
import { explain } from './explain.ts'
import { hook } from './hook.ts'
import { hooks } from './hooks.ts'
import { init } from './init.ts'
import { log } from './log.ts'
import { man } from './man.ts'
import { masks } from './masks.ts'
import { off } from './off.ts'
import { plan } from './plan.ts'
import { quarantine } from './quarantine.ts'
import { run } from './run.ts'
import { scan } from './scan.ts'
import { schema } from './schema.ts'
import { secret } from './secret.ts'
import { shims } from './shims.ts'
import { status } from './status.ts'
import { shell } from './shell.ts'
import { verify } from './verify.ts'
import type { Command } from './types.ts'
import { watch } from './watch.ts'
import { wrap } from './wrap.ts'

/** Every command, in the order of the help. */
export const commands: readonly Command[] = [
  run,
  init,
  status,
  allow,
  allowHost,
  deny,
  masks,
  scan,
  explain,
  doctor,
  verify,
  shell,
  hooks,
  diff,
  plan,
  log,
  quarantine,
  secret,
  watch,
  shims,
  activate,
  deactivate,
  wrap,
  off,
  completion,
  schema,
  hook,
  man,
]
