// Stands in for the command line: runs a command in the box of its directory, with made-up names.
import { appendFileSync, readdirSync, readFileSync } from 'node:fs'
import type { PolicyFlags } from '../../../src/config/flags.ts'
import { endStatus } from '../../../src/session/launcher.ts'
import { runBoxed } from '../../../src/session/run.ts'
import { surveySituation } from '../../../src/session/situation.ts'

interface Spec {
  helper: string
  flags: PolicyFlags
  /** See `stand-in.ts`. */
  places: Record<string, number>
  /** How often to run, and the file that gets this process's number of descriptors after each run. */
  times?: { count: number; file: string }
}

const [file, ...argv] = process.argv.slice(2)
const spec = JSON.parse(readFileSync(file!, 'utf8')) as Spec
process.env['STAND_IN'] = file

const run = async (): Promise<number> => {
  const situation = await surveySituation(process.env, spec.flags)
  const request = { argv: argv as [string, ...string[]], withoutGrants: false }
  const tell = { begin() {}, end() {}, warn: (text: string) => void process.stderr.write(`${text}\n`) }
  const end = await runBoxed(situation, request, spec.helper, tell, {
    program: `${import.meta.dirname}/stand-in.mjs`,
  })
  return endStatus(end)
}

let status = 0
for (let left = spec.times?.count ?? 1; left > 0; left--) {
  status = await run()
  if (spec.times !== undefined) appendFileSync(spec.times.file, `${readdirSync('/proc/self/fd').length}\n`)
}
process.exitCode = status
