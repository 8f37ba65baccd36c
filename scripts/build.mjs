#!/usr/bin/env node
// dist/: three CommonJS bundles and the native helper. CommonJS because node starts it faster than ESM.
import fs from 'node:fs'
import path from 'node:path'
import { capture, isMain, main, mtime, root, say, Stop, which } from './lib/tools.mjs'

const dist = path.join(root, 'dist')
const helper = path.join(dist, 'agentbox-helper')

/** Source → bundle. An import of another entry stays a `require` of its bundle: loaded only when reached. */
const entries = {
  'src/main.ts': 'agentbox.cjs',
  'src/run.ts': 'run.cjs',
  'src/hook.ts': 'hook.cjs',
  'src/cli.ts': 'cli.cjs',
  // What a launch needs only now and then: unusual YAML, a user's own configuration.
  'src/config/yaml.ts': 'yaml.cjs',
  'src/config/cosmiconfig.ts': 'cosmiconfig.cjs',
  'src/session/ask.ts': 'ask.cjs',
  // Menus for a first policy.
  'src/init/ask.ts': 'init.cjs',
  // chokidar: where inotify does not serve.
  'src/masks/watch/polling.ts': 'polling.cjs',
  // What follows the policy's files while a box runs, with chokidar.
  'src/session/follow.ts': 'follow.cjs',
  // What `run --learn` says at the end.
  'src/session/learn.ts': 'learn.cjs',
  // The process that serves the network of a box, started while its agent starts.
  'src/network/program.ts': 'network.cjs',
  'src/network/proxy/index.ts': 'proxy.cjs',
  // Rules that tell credentials by their content.
  'src/git/credentials.ts': 'credentials.cjs',
  'src/session/detect.ts': 'detect.cjs',
}

/** The bundles that main.ts chooses from. */
const commands = new Set(['src/run.ts', 'src/hook.ts', 'src/cli.ts'])

const cFlags = [
  ...['-std=gnu11', '-O2', '-Wall', '-Wextra', '-Wconversion', '-Wshadow', '-Werror'],
  // Some distributions predefine another level, and a redefinition is a warning.
  ...['-U_FORTIFY_SOURCE', '-D_FORTIFY_SOURCE=2', '-fstack-protector-strong', '-s'],
]

/** Static first: the helper must not depend on the libraries of the machine that it is copied to. */
const linkings = [['-static-pie', '-fPIE'], ['-static'], ['-pie', '-fPIE', '-Wl,-z,relro,-z,now']]

export async function build() {
  fs.mkdirSync(dist, { recursive: true })
  await Promise.all(Object.keys(entries).map(bundle))
  fs.chmodSync(path.join(dist, 'agentbox.cjs'), 0o755)
  buildHelper()
  buildManual()
}

/** What the program says of itself. */
function buildManual() {
  const done = capture(process.execPath, [path.join(dist, 'agentbox.cjs'), 'man'])
  if (done.status !== 0) throw new Stop(`build: the manual page\n${done.stderr}`)
  fs.mkdirSync(path.join(root, 'man'), { recursive: true })
  fs.writeFileSync(path.join(root, 'man/agentbox.1'), done.stdout)
}

/** True when the C compiler has something to do. */
export function helperIsStale() {
  const built = mtime(helper)
  return built === undefined || inputs().some((file) => mtime(file) > built)
}

async function bundle(entry) {
  const { build: esbuild } = await import('esbuild')
  const outfile = path.join(dist, entries[entry])
  await esbuild({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20.19',
    format: 'cjs',
    // import() of a sibling bundle becomes require(): it spares starting the ESM loader.
    supported: { 'dynamic-import': false },
    // cosmiconfig reaches for the compiler when a config is TypeScript, which we never load.
    external: ['typescript'],
    alias: { '@secretlint/profiler': path.join(root, 'src/git/no-profiler.ts') },
    ...around(entry),
    define: { 'process.env.NODE_ENV': '"production"', AGENTBOX_VERSION: JSON.stringify(version()) },
    minifySyntax: true,
    legalComments: 'none',
    logLevel: 'silent',
    plugins: [siblings(entry), assembled],
  }).catch((error) => {
    throw new Stop(`build: ${entry}\n${explain(error)}`)
  })
}

/** What main.ts compiles itself is the expression of a function already: no copy of it has to be made at each start. */
function around(entry) {
  if (entry === 'src/main.ts') return { banner: { js: '#!/usr/bin/env node' } }
  if (!commands.has(entry)) return {}
  return { banner: { js: '(function (require, __dirname, __filename) {' }, footer: { js: '})' } }
}

function version() {
  return JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8')).version
}

function explain(error) {
  const at = ({ file, line, column }) => `${file}:${line}:${column + 1}: `
  const lines = error.errors?.map(({ location, text }) => `  ${location ? at(location) : ''}${text}`)
  return lines?.join('\n') ?? String(error)
}

function siblings(self) {
  return {
    name: 'siblings',
    setup({ onResolve }) {
      onResolve({ filter: /^\.{1,2}\// }, ({ path: asked, resolveDir }) => {
        // main.ts asks for the bundle by its name, so that nothing of the ESM loader is involved.
        const source = path.relative(root, path.resolve(resolveDir, asked)).replace(/\.cjs$/, '.ts')
        const target = source === self ? undefined : entries[source]
        return target === undefined ? undefined : { path: `./${target}`, external: true }
      })
    },
  }
}

/** src/bwrap/seccomp/assembled.ts without the assembler. */
const assembled = {
  name: 'assembled',
  setup({ onLoad }) {
    onLoad({ filter: /\/seccomp\/assembled\.ts$/ }, async ({ path: file }) => {
      const { build: esbuild } = await import('esbuild')
      const entryPoints = [path.join(path.dirname(file), 'filter.ts')]
      const { outputFiles } = await esbuild({ entryPoints, bundle: true, format: 'esm', write: false })
      const code = Buffer.from(outputFiles[0].contents).toString('base64')
      const { seccompProgram } = await import(`data:text/javascript;base64,${code}`)
      const bytes = Object.fromEntries(
        ['x86_64', 'aarch64'].map((arch) => [arch, seccompProgram(arch).toString('base64')]),
      )
      return {
        contents: `const bytes = ${JSON.stringify(bytes)}
export const assembledProgram = (arch) => Buffer.from(bytes[arch], 'base64')`,
      }
    })
  },
}

function nativeFiles(ending) {
  const dir = path.join(root, 'native')
  return fs
    .readdirSync(dir)
    .filter((name) => name.endsWith(ending))
    .toSorted()
    .map((name) => path.join(dir, name))
}

function inputs() {
  return [...nativeFiles('.c'), ...nativeFiles('.h'), path.join(root, 'scripts/build.mjs')]
}

function buildHelper() {
  if (!helperIsStale()) return
  const compiler = [process.env.CC, 'cc', 'gcc', 'clang'].find((name) => name && which(path.basename(name)))
  if (compiler === undefined)
    throw new Stop('build: no C compiler; node scripts/setup.mjs build installs one')
  const target = `${helper}.${process.pid}`
  compileHelper(compiler, target)
  // A running session keeps the old file open; a rename leaves it alone.
  fs.renameSync(target, helper)
}

/** With any compiler: also for another processor. */
export function compileHelper(compiler, target) {
  const tries = linkings.map(
    (linking) => () => capture(compiler, [...cFlags, ...linking, '-o', target, ...nativeFiles('.c')]),
  )
  const done = firstSuccess(tries)
  if (done.status === 0) return
  fs.rmSync(target, { force: true })
  throw new Stop(`build: native/ does not compile\n${done.stderr}`)
}

/** The result of the first that succeeds, or of the last. */
function firstSuccess([attempt, ...rest]) {
  const done = attempt()
  return done.status === 0 || rest.length === 0 ? done : firstSuccess(rest)
}

async function buildFromAnything() {
  const { setup } = await import('./setup.mjs')
  setup(['build'])
  await build()
  const bundles = Object.keys(entries).length
  say(`built agentbox ${version()}: dist/ (${bundles} bundles, agentbox-helper), man/agentbox.1`)
}

if (isMain(import.meta.url)) await main(buildFromAnything)
