#!/usr/bin/env node
// `npm test`: set-up, build, every static check, every test. Works in a fresh clone.
import { spawn } from 'node:child_process'
import path from 'node:path'
import { setup } from './setup.mjs'
import { given, isRoot, main, root, rootPrefix, say, seconds, Stop, which } from './lib/tools.mjs'

/** Seconds for everything; beyond this something hangs. A usual machine needs 10 minutes, a slow one twice that. */
const LIMIT = 35 * 60

const vitest = path.join(root, 'node_modules/vitest/vitest.mjs')

/**
 * Everything but `unit` tries the box as root and, by setpriv, as an ordinary user, so it needs root. Without
 * it, those projects are started again through sudo; nothing is skipped.
 */
const needRoot = ['containment', 'alone', 'integration', 'e2e']

const everything = { name: 'tests', prefix: [], args: [] }
const unitTests = { name: 'unit tests', prefix: [], args: ['--project', 'unit'] }

await main(async () => {
  given('npm test; for some of the tests: npx vitest run --project NAME FILE')
  const start = Date.now()
  const prefix = rootPrefix({ ask: false })
  if (prefix === undefined) throw new Stop(noRoot())
  setup(['run', 'build', 'test'])

  // Only now: they need the npm packages.
  const { build } = await import('./build.mjs')
  const { check } = await import('./check.mjs')
  say('test: building')
  await build()
  const failures = []
  if ((await check()) !== 0) failures.push('check')
  const left = () => Math.max(1, Math.ceil(LIMIT - (Date.now() - start) / 1000))
  for (const { name, prefix: before, args } of isRoot ? [everything] : [unitTests, theRest(prefix)]) {
    const command = [...before, which('timeout'), '-k', '10', `${left()}`, process.execPath, vitest, 'run']
    if ((await watched([...command, ...args])) !== 0) failures.push(name)
  }
  say(`test: ${failures.length === 0 ? 'passed' : `FAILED: ${failures.join(', ')}`} (${seconds(start)})`)
  return failures.length === 0 ? 0 : 1
})

function noRoot() {
  return [
    'npm test needs root for a part of the tests: they try the box as root and as an ordinary user.',
    'Either allow sudo without a password for this user, or run: sudo npm test',
    'The tests that need neither: npx vitest run --project unit',
  ].join('\n')
}

/** As root through sudo, which clears the environment; without leaving root's files in node_modules. */
function theRest(prefix) {
  return {
    name: 'tests as root',
    prefix: [...prefix, which('env'), `PATH=${process.env.PATH}`],
    args: [
      ...needRoot.flatMap((project) => ['--project', project]),
      '--no-cache',
      '--configLoader',
      'runner',
    ],
  }
}

/** `timeout` ends the whole process group, also what a hanging test has started, and also as root under sudo. */
function watched(command) {
  return new Promise((resolve) => {
    const child = spawn(command[0], command.slice(1), { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] })
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => child.kill('SIGTERM'))
    child.on('error', (error) => {
      say(`test: ${error.message}`)
      resolve(127)
    })
    child.on('close', (code) => {
      if (code === 124 || code === 137) say(`test: stopped after ${LIMIT / 60} minutes: something hangs`)
      resolve(code ?? 128)
    })
  })
}
