// Stands in for the command line: runs the box that a JSON file describes, and ends like the agent.
import { readFileSync, writeFileSync } from 'node:fs'
import { startHelper } from '../../../src/session/helper.ts'
import { endStatus, launch, type LaunchInput } from '../../../src/session/launcher.ts'

type Spec = Omit<LaunchInput, 'seccomp' | 'data' | 'onReady'> & {
  helper: string
  sockets?: boolean
  seccomp: string
  data: string[]
  /** Where the pid of the box's pid 1 is written when it is ready. */
  pidFile?: string
  /** How `onReady` ends. */
  ready?: 'throw' | 'signal' | 'freeze' | 'busy'
}

const [file, ...command] = process.argv.slice(2)
const spec = JSON.parse(readFileSync(file!, 'utf8')) as Spec

const end = await launch(startHelper(spec.helper, spec.sockets === true), {
  ...spec,
  command: command.length > 0 ? command : spec.command,
  seccomp: Buffer.from(spec.seccomp, 'base64'),
  data: spec.data.map((text) => Buffer.from(text, 'base64')),
  async onReady(box) {
    const { pid } = box
    if (spec.pidFile !== undefined) writeFileSync(spec.pidFile, `${pid}\n`)
    if (spec.ready === 'freeze') void box.freeze().then(() => (process.stdout.write('frozen\n'), box.thaw()))
    // From now on this process hears of what comes only each second and a half.
    if (spec.ready === 'busy')
      setInterval(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1500), 1).unref()
    if (spec.ready === 'throw') throw new Error('not as planned')
    if (spec.ready !== 'signal') return
    process.kill(process.pid, 'SIGTERM')
    await new Promise((resolve) => setTimeout(resolve, 200))
  },
})
if (end.kind === 'exec-failed' || end.kind === 'setup-failed')
  process.stderr.write(`${JSON.stringify(end)}\n`)
process.exitCode = endStatus(end)
