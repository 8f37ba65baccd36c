// Stands in for the command line: runs a command in the box of its directory, with made-up names.
import { appendFileSync, readdirSync, readFileSync } from 'node:fs'
import type { PolicyFlags } from '../../../src/config/flags.ts'
import { dialAddress } from '../../../src/network/proxy/index.ts'
import { endStatus } from '../../../src/session/launcher.ts'
import { runBoxed } from '../../../src/session/run.ts'
import { surveySituation } from '../../../src/session/situation.ts'

interface Spec {
  helper: string
  flags: PolicyFlags
  /** `name:port` → port of this machine's loopback. */
  places: Record<string, number>
  /** How often to run, and the file that gets this process's number of descriptors after each run. */
  times?: { count: number; file: string }
}

const [file, ...argv] = process.argv.slice(2)
const spec = JSON.parse(readFileSync(file!, 'utf8')) as Spec
const names = [...new Set(Object.keys(spec.places).map((place) => place.slice(0, place.lastIndexOf(':'))))]

/** Public addresses, so that what is refused for being private stays refused. */
const addressOf = (name: string): string => `93.184.216.${names.indexOf(name) + 1}`

const run = async (): Promise<number> => {
  const situation = await surveySituation(process.env, spec.flags)
  const request = { argv: argv as [string, ...string[]], withoutGrants: false }
  const tell = { begin() {}, end() {}, warn: (text: string) => void process.stderr.write(`${text}\n`) }
  const end = await runBoxed(situation, request, spec.helper, tell, {
    resolve: (name) => Promise.resolve(names.includes(name) ? [addressOf(name)] : []),
    dial(address, port) {
      const name = names.find((one) => addressOf(one) === address)
      const place = spec.places[`${name}:${port}`]
      return place === undefined
        ? Promise.reject(new Error('no such place'))
        : dialAddress('127.0.0.1', place)
    },
  })
  return endStatus(end)
}

let status = 0
for (let left = spec.times?.count ?? 1; left > 0; left--) {
  status = await run()
  if (spec.times !== undefined) appendFileSync(spec.times.file, `${readdirSync('/proc/self/fd').length}\n`)
}
process.exitCode = status
