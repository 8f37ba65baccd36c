#!/usr/bin/env node
// npm run containment [-- --with COMMAND --as user|root --ascii-names --json]: the catalogue inside any sandbox command.
// COMMAND is the text of a shell command that a program and its arguments can be added to; PROJECT and HOME are set, the
// working directory is the project. --bare: without any box. It needs root, also to try a sandbox as an ordinary user.
import fs from 'node:fs'
import path from 'node:path'
import { spawnSync } from 'node:child_process'
import { build } from './build.mjs'
import { given, isMain, main, root, rootPrefix, Stop, withTemporaryDir } from './lib/tools.mjs'
import { setup } from './setup.mjs'

if (isMain(import.meta.url)) {
  await main(async () => {
    const { values } = given(
      'npm run containment [-- --with COMMAND --as user|root --ascii-names --bare --json]',
      {
        with: { type: 'string' },
        as: { type: 'string', default: 'user' },
        bare: { type: 'boolean' },
        'ascii-names': { type: 'boolean' },
        json: { type: 'boolean' },
      },
    )
    if (!['user', 'root'].includes(values.as)) throw new Stop('containment: --as takes user or root')
    setup(['run', 'build', 'test'])
    await build()
    return await withTemporaryDir('containment', async (dir) => {
      const { status } = spawnSync(...(await containmentCommand(dir, values)), {
        stdio: 'inherit',
      })
      return status ?? 1
    })
  })
}

/** The command and its arguments that run the catalogue; the options as above. */
export async function containmentCommand(dir, options) {
  const become = rootPrefix()
  if (become === undefined) throw new Stop('containment: it needs root, or sudo')
  const [command, ...rest] = [...become, process.execPath, await bundle(dir), JSON.stringify(options)]
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
