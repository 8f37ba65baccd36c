import { spawnSync } from 'node:child_process'
import { chmodSync, constants, copyFileSync, cpSync, mkdirSync, mkdtempSync } from 'node:fs'
import { readFileSync, rmSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

const project = resolve(import.meta.dirname, '../..')
const { version } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')) as { version: string }

/** The bundles, as the build names them. */
const build = readFileSync(join(project, 'scripts/build.mjs'), 'utf8')
const bundles = [...build.matchAll(/^ {2}'src\/[^']+': '([\w-]+\.cjs)',$/gm)].map(([, name]) => name!)

/** All that a user gets beside them; a file of any other name in the package is a mistake. */
const allowed =
  /^(package\.json|README\.md|LICENSE|CHANGELOG\.md|\.agentboxrc\.example|dist\/agentbox-helper|shell\/(shim\.sh|activate\.(sh|bash|zsh|fish))|hooks\/hook\.sh|man\/agentbox\.1|schema\/[\w.-]+\.json|docs\/[\w-]+\.(md|svg))$/
const required = [
  'package.json',
  'README.md',
  'LICENSE',
  'CHANGELOG.md',
  '.agentboxrc.example',
  'dist/agentbox-helper',
  ...bundles.map((name) => `dist/${name}`),
  'man/agentbox.1',
  'shell/shim.sh',
  'shell/activate.sh',
  'shell/activate.bash',
  'shell/activate.zsh',
  'shell/activate.fish',
]

let dir: string
let packed: { filename: string; files: { path: string; mode: number }[] }

function npm(args: string[], cwd: string): string {
  const env = {
    PATH: process.env['PATH'],
    HOME: dir,
    npm_config_cache: join(dir, 'cache'),
    npm_config_userconfig: '/dev/null',
  }
  const done = spawnSync('npm', [...args, '--loglevel=error'], { cwd, encoding: 'utf8', env })
  expect(done.status, done.stderr).toBe(0)
  return done.stdout
}

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'agentbox-pack-'))
  chmodSync(dir, 0o755)
  // Built already: the whole project runs on dist/.
  const out = npm(['pack', '--ignore-scripts', '--json', '--pack-destination', dir], project)
  packed = Object.values(JSON.parse(out) as Record<string, typeof packed>)[0]!
})

afterAll(() => rmSync(dir, { recursive: true }))

test('holds all that is needed at run time and nothing else', () => {
  const paths = packed.files.map(({ path }) => path)
  expect(paths.filter((path) => !allowed.test(path) && !required.includes(path))).toEqual([])
  expect(required.filter((path) => !paths.includes(path))).toEqual([])
})

test('nobody but the owner may write to what it installs', () => {
  expect(packed.files.filter(({ mode }) => (mode & 0o022) !== 0)).toEqual([])
})

test.each(bundles)('%s requires only node and its siblings', (name) => {
  const text = readFileSync(join(project, 'dist', name), 'utf8')
  const asked = [...text.matchAll(/\brequire\("([^"]+)"\)/g)].map((match) => match[1]!)
  const known = (id: string) =>
    id.startsWith('node:') || builtinModules.includes(id) || bundles.includes(id.replace('./', ''))
  // Neither is ever needed: `typescript` is in cosmiconfig's loader for TypeScript files, which is replaced by
  // one that throws; `supports-color` is tried by simple-git's debug output, which does without.
  const optional = ['typescript', 'supports-color']
  expect(asked.filter((id) => !known(id) && !optional.includes(id))).toEqual([])
})

test('installed into a prefix without a network, it runs, also for another user', () => {
  const prefix = join(dir, 'prefix')
  npm(['install', '--global', '--offline', '--prefix', prefix, join(dir, packed.filename)], dir)
  expect(readFileSync(join(prefix, 'share/man/man1/agentbox.1'), 'utf8')).toContain('AGENTBOX')
  // A node under the home of root is out of the other user's reach.
  copyFileSync(process.execPath, join(dir, 'node'), constants.COPYFILE_FICLONE)
  const env = { PATH: `${dir}:/usr/bin:/bin`, HOME: dir }
  const command = [join(prefix, 'bin/agentbox'), '--version']
  const anybody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', ...command]
  for (const [program, ...args] of [command, anybody] as [string, ...string[]][]) {
    const done = spawnSync(program, args, { cwd: '/', env, encoding: 'utf8' })
    expect(done.stderr).toBe('')
    expect(done.stdout).toContain(version)
    expect(done.status).toBe(0)
  }
})

test('packed twice, from two places, it is the same to the byte', () => {
  const copy = join(dir, 'copy')
  cpSync(project, copy, { recursive: true, filter: (path) => !/\/(node_modules|\.git|coverage)$/.test(path) })
  rmSync(join(copy, 'dist'), { recursive: true })
  for (const made of [join(copy, 'node_modules'), join(dir, 'second')]) mkdirSync(made)
  // A mount, since a link would show in the names of the modules; gone with its namespace. `prepack` builds.
  const script = 'mount --bind "$1/node_modules" node_modules && npm pack --pack-destination "$2"'
  const argv = ['--mount', '--propagation', 'private', 'sh', '-c', script, 'sh', project, join(dir, 'second')]
  const env = { PATH: process.env['PATH'], HOME: dir, npm_config_cache: join(dir, 'cache') }
  const done = spawnSync('unshare', argv, { cwd: copy, encoding: 'utf8', env })
  expect(done.status, done.stderr).toBe(0)
  const [first, second] = [dir, join(dir, 'second')].map((place) =>
    readFileSync(join(place, packed.filename)),
  )
  expect(second!.equals(first!)).toBe(true)
})
