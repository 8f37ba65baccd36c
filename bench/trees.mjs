// The trees that are measured on.
import fs from 'node:fs'
import path from 'node:path'
import { capture, root } from '../scripts/lib/tools.mjs'

/** `directories` of them, three levels deep, `files` in each; a secret in every hundredth. */
export function makeFiles(top, directories, files) {
  for (let d = 0; d < directories; d++) {
    const dir = path.join(top, `a${d % 10}`, `b${Math.floor(d / 10) % 25}`, `c${d}`)
    fs.mkdirSync(dir, { recursive: true })
    for (let f = 0; f < files; f++) fs.writeFileSync(path.join(dir, nameOf(d, f)), `${d} ${f}\n`)
  }
  return top
}

function nameOf(d, f) {
  return f === 0 && d % 100 === 0 ? '.env' : `file-${f}.ts`
}

/** 5,000 files in 500 directories under git, with a policy. */
export function makeRepository(dir) {
  makeFiles(dir, 500, 10)
  fs.writeFileSync(path.join(dir, '.agentboxrc'), 'version: 1\n')
  capture('git', ['init', '-q', dir])
  return dir
}

/** A directory with the shim as `claude`, and one with a program of that name behind it. */
export function makeShims(dir) {
  const shims = path.join(dir, 'shims')
  const programs = path.join(dir, 'programs')
  const outside = path.join(dir, 'outside/some/where/deep')
  for (const one of [shims, programs, outside]) fs.mkdirSync(one, { recursive: true })
  fs.symlinkSync(path.join(root, 'shell/shim.sh'), path.join(shims, 'claude'))
  fs.copyFileSync(fs.realpathSync('/bin/true'), path.join(programs, 'claude'))
  return { shims, programs, outside }
}
