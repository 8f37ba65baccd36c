import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { fail } from '../errors.ts'
import { ensurePrivateDir } from '../host/dirs.ts'
import { nameOf, parentOf } from '../host/paths.ts'
import { realpathOf } from '../host/files.ts'
import { openSecret, type OpenSecret } from '../session/secret.ts'
import { surveySituation, type Situation } from '../session/situation.ts'
import { shown } from '../ui/escape.ts'
import type { Call, Command } from './types.ts'

export const secret: Command = {
  name: 'secret',
  usage: 'edit FILE',
  summary: 'Edit or make a secret while boxes run: it is masked in each before it has any content',
  options: { editor: { type: 'string', value: 'COMMAND', about: 'instead of $VISUAL or $EDITOR' } },
  examples: ['agentbox secret edit .env', 'pass show shop | agentbox secret edit .env.production'],
  run: editSecret,
}

async function editSecret({ env, positionals, values, talk }: Call): Promise<number> {
  const [action, file, ...more] = positionals
  if (action !== 'edit' || file === undefined || more.length > 0)
    fail({ code: 'usage', text: 'secret edit takes one file', command: 'secret' })
  const situation = await surveySituation(env)
  const wanted = resolve(situation.cwd, file)
  const secret = await openSecret(
    situation,
    `${realpathOf(parentOf(wanted)) ?? parentOf(wanted)}/${nameOf(wanted)}`,
  )
  try {
    const content = process.stdin.isTTY
      ? edited(secret, situation, String(values['editor'] || env['VISUAL'] || env['EDITOR'] || 'vi'))
      : readFileSync(0)
    if (content !== undefined) secret.write(content)
    talk(`agentbox  ${shown(file)} ${summary(secret, content)}\n`)
    return 0
  } finally {
    secret.close()
  }
}

function summary({ created, boxes }: OpenSecret, content: Buffer | undefined): string {
  const what = content === undefined ? 'is as it was' : created ? 'was made' : 'was changed in place'
  const where =
    boxes === 0 ? 'no box runs here' : `masked in ${boxes === 1 ? '1 running box' : `${boxes} running boxes`}`
  return `${what} · ${where}`
}

/**
 * Most editors save by replacing the file, which would drop its mask for a moment: they get a copy, in a
 * directory that no box shows. Undefined if nothing was changed.
 */
function edited(secret: OpenSecret, { dirs, facts, env }: Situation, editor: string): Buffer | undefined {
  ensurePrivateDir(dirs.state, facts.uid)
  const dir = mkdtempSync(`${dirs.state}/edit-`)
  try {
    const copy = `${dir}/${nameOf(secret.path).replaceAll(/[^\w.-]/g, '_')}`
    const before = secret.read()
    writeFileSync(copy, before, { mode: 0o600 })
    const done = spawnSync('/bin/sh', ['-c', `${editor} "$1"`, 'sh', copy], { stdio: 'inherit', env })
    if (done.status !== 0)
      fail({
        code: 'io',
        action: 'edit',
        path: secret.path,
        reason: `${editor} ended with ${done.status ?? done.signal}`,
      })
    const after = readFileSync(copy)
    return after.equals(before) ? undefined : after
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}
