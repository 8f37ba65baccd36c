// What the benchmark itself is made of: the measuring program, the bundled scan, a newer node.
import fs from 'node:fs'
import path from 'node:path'
import { cacheDir, capture, root, say, Stop, which } from '../scripts/lib/tools.mjs'

export async function buildTools(dir) {
  const measure = path.join(dir, 'measure')
  const source = path.join(root, 'bench/measure.c')
  const flags = ['-std=gnu11', '-O2', '-Wall', '-Wextra', '-Werror']
  const compiler = ['cc', 'gcc', 'clang'].find((name) => which(name) !== undefined)
  const compiled = capture(compiler, [...flags, '-o', measure, source])
  if (compiled.status !== 0) throw new Stop(`bench: measure.c\n${compiled.stderr}`)

  const { build } = await import('esbuild')
  const scan = path.join(dir, 'scan.cjs')
  const entryPoints = [path.join(root, 'bench/scan.ts')]
  await build({
    entryPoints,
    outfile: scan,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    logLevel: 'error',
  })
  return { measure, scan }
}

/** The binary of Node 24, from npm into the cache: the launcher's floor differs much between majors. */
export function newerNode() {
  const dir = cacheDir('node24')
  const binary = path.join(dir, 'node_modules/node/bin/node')
  if (fs.existsSync(binary)) return binary
  say('bench: fetching node@24 from npm (once) …')
  const done = capture('npm', ['install', '--prefix', dir, '--no-audit', '--no-fund', 'node@24'], {
    cwd: dir,
  })
  if (!fs.existsSync(binary)) throw new Stop(`bench: npm install node@24 failed\n${done.stderr}`)
  return binary
}
