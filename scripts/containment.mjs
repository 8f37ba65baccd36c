#!/usr/bin/env node
// npm run containment: bundles test/containment/run.ts, which says the rest, and runs it. It needs root, also to try
// a sandbox as an ordinary user.
import fs from 'node:fs'
import path from 'node:path'
import { spawnSync } from 'node:child_process'
import { build } from './build.mjs'
import { isMain, main, root, rootPrefix, Stop, withTemporaryDir } from './lib/tools.mjs'
import { setup } from './setup.mjs'

if (isMain(import.meta.url)) {
  await main(async () => {
    setup(['run', 'build', 'test'])
    await build()
    return await withTemporaryDir('containment', async (dir) => {
      const { status } = spawnSync(...(await containmentCommand(dir, process.argv.slice(2))), {
        stdio: 'inherit',
      })
      return status ?? 1
    })
  })
}

/** The command and its arguments that run the catalogue. */
export async function containmentCommand(dir, args) {
  const become = rootPrefix()
  if (become === undefined) throw new Stop('containment: it needs root, or sudo')
  const [command, ...rest] = [...become, process.execPath, await bundle(dir), ...args]
  return [command, rest]
}

/** TypeScript for a Node that cannot read it. The files ask where they are, and that must stay so. */
async function bundle(dir) {
  const { build: esbuild } = await import('esbuild')
  const outfile = path.join(dir, 'run.mjs')
  const place = {
    name: 'place',
    setup(context) {
      context.onLoad({ filter: /\/test\/.*\.ts$/ }, ({ path: file }) => ({
        contents: fs
          .readFileSync(file, 'utf8')
          .replaceAll('import.meta.dirname', JSON.stringify(path.dirname(file))),
        loader: 'ts',
      }))
    },
  }
  await esbuild({
    entryPoints: [path.join(root, 'test/containment/run.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'error',
    plugins: [place],
  })
  return outfile
}
