#!/usr/bin/env node
// Random input for the native helper, under sanitizers, for as long as is asked: --seconds N for each part.
import path from 'node:path'
import { spawnSync } from 'node:child_process'
import { given, isMain, main, root, Stop } from './lib/tools.mjs'

function fuzz() {
  const usage = 'npm run fuzz -- --seconds N'
  const { seconds } = given(usage, { seconds: { type: 'string' } }).values
  if (!(Number(seconds) > 0)) throw new Stop(`usage: ${usage}`)
  const args = ['run', '--project', 'alone', 'test/integration/hand/fuzz.test.ts']
  const env = { ...process.env, AGENTBOX_FUZZ_SECONDS: seconds }
  return spawnSync(path.join(root, 'node_modules/.bin/vitest'), args, { cwd: root, env, stdio: 'inherit' })
    .status
}

if (isMain(import.meta.url)) await main(fuzz)
