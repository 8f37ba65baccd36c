#!/usr/bin/env node
// npm run e2e:aarch64 [-- TEST …]: tests, in an emulated aarch64 machine with a Debian and its kernel; without
// arguments those of what differs between processors. As root, on a Debian. Slow: where the machine has other
// things to do, minutes for a file of tests.
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { machine, makeDisk } from './aarch64/machine.mjs'
import { build, compileHelper } from './build.mjs'
import { given, isRoot, main, root, say, seconds, Stop, which, withTemporaryDir } from './lib/tools.mjs'
import { setup } from './setup.mjs'

/** The filter, what the helper says to the kernel, and every attack. */
const TESTS = [
  ...['test/unit/seccomp', 'test/integration/seccomp', 'test/integration/hand/masks'],
  ...['test/integration/session/limits', 'test/containment/curious'],
]

/** Seconds for everything; beyond this something hangs. */
const LIMIT = 120 * 60

await main(async () => {
  const { positionals: tests } = given('npm run e2e:aarch64 [-- TEST …]', {}, { others: true })
  if (!isRoot) throw new Stop('aarch64: the files of its disk are root’s: sudo npm run e2e:aarch64')
  const start = Date.now()
  setup(['run', 'build', 'test'])
  await build()
  const parts = machine()
  const status = await withTemporaryDir('aarch64', async (dir) => {
    const checkout = path.join(dir, 'disk')
    layOutCheckout(path.join(dir, 'checkout'))
    makeDisk(path.join(dir, 'checkout'), checkout, 'checkout', '256M')
    return await run({ ...parts, checkout }, tests.length === 0 ? TESTS : tests)
  })
  say(`aarch64: ${status === 0 ? 'PASS' : 'FAIL'} (${seconds(start)})`)
  return status
})

/** As it is here, with the helper for the other processor. */
function layOutCheckout(dir) {
  const left = ['node_modules', '.git'].map((name) => path.join(root, name))
  fs.cpSync(root, dir, { recursive: true, filter: (from) => !left.includes(from) })
  fs.symlinkSync('../node_modules', path.join(dir, 'node_modules'))
  compileHelper(which('aarch64-linux-gnu-gcc'), path.join(dir, 'dist/agentbox-helper'))
}

/** The status of the tests; of a machine that does not come to their end it is 1. */
function run({ kernel, boot, base, checkout }, tests) {
  const disk = (file) => [
    ...['-drive', `if=none,id=${path.basename(file)},file=${file},format=raw,snapshot=on`],
    ...['-device', `virtio-blk-device,drive=${path.basename(file)}`],
  ]
  const args = [
    ...['-machine', 'virt', '-cpu', 'cortex-a72', '-accel', 'tcg', '-smp', '1', '-m', '6G'],
    ...['-nographic', '-nic', 'none', '-no-reboot', '-kernel', kernel, '-initrd', boot],
    ...['-append', `console=ttyAMA0 quiet panic=-1 -- ${tests.join(' ')}`],
    ...disk(base),
    ...disk(checkout),
  ]
  const command = ['-k', '10', `${LIMIT}`, which('qemu-system-aarch64'), ...args]
  return new Promise((resolve, reject) => {
    const child = spawn(which('timeout'), command, { stdio: ['ignore', 'pipe', 'inherit'] })
    process.once('exit', () => child.kill())
    let said = ''
    child.stdout.on('data', (text) => {
      said = (said + text).slice(-4096)
      process.stdout.write(text)
    })
    child.once('error', reject)
    child.once('close', () => resolve(Number(/^ended: (\d+)\r?$/m.exec(said)?.[1] ?? 1)))
  })
}
