#!/usr/bin/env node
// Every static check; all run, all are reported. Status 1 if any finds something.
import path from 'node:path'
import { captureAsync, given, isMain, main, root, say, seconds } from './lib/tools.mjs'

const bin = path.join(root, 'node_modules/.bin')

const checks = [
  { name: 'types', command: 'tsc', args: ['-p', '.'] },
  { name: 'lint and layers', command: 'oxlint', args: ['--type-aware', '--deny-warnings', '--format=unix'] },
  { name: 'format', command: 'oxfmt', args: ['--check', '.'] },
  { name: 'dead code', command: 'knip', args: [] },
]

/** Returns 0 or 1. Two at a time: each of them uses more than one core already. */
export async function check() {
  const queue = [...checks]
  const results = new Map()
  const worker = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const start = Date.now()
      const done = await captureAsync(path.join(bin, next.command), next.args)
      results.set(next.name, { ...done, time: seconds(start) })
    }
  }
  await Promise.all([worker(), worker()])
  for (const { name } of checks) report(name, results.get(name))
  return [...results.values()].some(({ status }) => status !== 0) ? 1 : 0
}

function report(name, { status, output, time }) {
  say(`check: ${name.padEnd(16)} ${status === 0 ? 'ok' : 'FAILED'}  ${time}`)
  if (status !== 0) say(output.trimEnd().replaceAll(/^/gm, '  '))
}

if (isMain(import.meta.url)) {
  await main(() => {
    given('npm run check')
    return check()
  })
}
