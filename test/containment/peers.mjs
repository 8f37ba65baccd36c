// Other ways to put a program into a box, each as its own documentation or the usual advice has it, told to keep the
// project's `.env` files secret and the network closed. PROJECT and HOME are set when a command runs.
import fs from 'node:fs'
import path from 'node:path'
import { capture, isRoot, cacheDir, root, say, Stop, which } from '../../scripts/lib/tools.mjs'

const versions = {
  '@anthropic-ai/sandbox-runtime': '0.0.83',
  '@openai/codex': JSON.parse(fs.readFileSync(path.join(root, 'test/e2e/agents/versions.json'), 'utf8'))[
    '@openai/codex'
  ],
  // sandbox-runtime does not run on older ones.
  node: '24',
}

/** `{ name, version, command, options?, around? }`; agentbox itself needs no command. `dir` is for their settings. */
export function contenders(dir) {
  const own = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'))
  for (const [program, where] of [
    ['firejail', 'firejail'],
    ['socat', 'socat'],
    ['rg', 'ripgrep'],
  ])
    if (which(program) === undefined) throw new Stop(`comparison: apt-get install ${where}`)
  const bin = install()
  fs.chmodSync(dir, 0o755)
  return [
    { name: 'agentbox', version: own.version },
    { name: 'bwrap script', version: versionIn(['bwrap', '--version']), command: bareBwrap() },
    {
      name: 'sandbox-runtime',
      version: versions['@anthropic-ai/sandbox-runtime'],
      command: sandboxRuntime(bin, dir),
    },
    {
      name: 'codex sandbox',
      version: versions['@openai/codex'],
      command: codexSandbox(bin, dir),
      // It does not start where the name of a file to deny is no text.
      options: { 'ascii-names': true },
    },
    {
      name: 'firejail',
      version: versionIn(['firejail', '--version']),
      command: firejail(),
      around: known(dir),
    },
  ]
}

const versionIn = ([program, ...args]) => /\d+(\.\d+)+/.exec(capture(program, args).stdout)[0]

/** Into a cache that an ordinary user can read. */
function install() {
  const dir = isRoot ? '/var/cache/agentbox-dev/peers' : cacheDir('peers')
  fs.mkdirSync(dir, { recursive: true, mode: 0o755 })
  const wanted = Object.entries(versions).map(([name, version]) => `${name}@${version}`)
  const note = path.join(dir, 'installed')
  if (!fs.existsSync(note) || fs.readFileSync(note, 'utf8') !== wanted.join(' ')) {
    say(`comparison: installing ${wanted.join(' ')} …`)
    const args = ['install', '--prefix', dir, '--no-audit', '--no-fund', '--loglevel=error', ...wanted]
    const done = capture('npm', args, { cwd: dir })
    if (done.status !== 0) throw new Stop(`comparison: npm install failed\n${done.stderr}`)
    fs.writeFileSync(note, wanted.join(' '))
  }
  return path.join(dir, 'node_modules')
}

/** As in many a post: the system read-only, the project writable, `.env` covered by /dev/null. */
function bareBwrap() {
  const flags = [
    '--ro-bind /usr /usr --symlink usr/bin /bin --symlink usr/lib /lib --symlink usr/lib64 /lib64',
    '--ro-bind /etc /etc --proc /proc --dev /dev --tmpfs /tmp',
    '--bind "$PROJECT" "$PROJECT" --ro-bind /dev/null "$PROJECT/.env" --chdir "$PROJECT"',
    '--unshare-all --die-with-parent --new-session',
  ]
  return `bwrap ${flags.join(' ')} --`
}

function sandboxRuntime(bin, dir) {
  const settings = path.join(dir, 'srt.json')
  const config = {
    network: { allowedDomains: [], deniedDomains: [] },
    filesystem: {
      denyRead: ['~/.ssh', '~/.aws', '~/.gnupg', './**/.env', './.env', './**/.env.*'],
      allowWrite: ['.', '/tmp'],
      denyWrite: ['./**/.env'],
    },
  }
  fs.writeFileSync(settings, JSON.stringify(config), { mode: 0o644 })
  const node = path.join(bin, 'node/bin/node')
  return `${node} ${bin}/@anthropic-ai/sandbox-runtime/dist/cli.js --settings ${settings} --`
}

function codexSandbox(bin, dir) {
  const home = path.join(dir, 'codex')
  fs.mkdirSync(home, { mode: 0o777 })
  fs.chmodSync(home, 0o777)
  const profile = `default_permissions = "dev"
[permissions.dev.filesystem]
":root" = "read"
":tmpdir" = "write"
"~/.ssh" = "none"
"~/.aws" = "none"
"~/.gnupg" = "none"
[permissions.dev.filesystem.":project_roots"]
"." = "write"
"**/.env" = "none"
"**/.env.*" = "none"
[permissions.dev.network]
enabled = false
`
  fs.writeFileSync(path.join(home, 'config.toml'), profile, { mode: 0o644 })
  return `CODEX_HOME=${home} ${bin}/.bin/codex sandbox --`
}

/** It wants to know its user, so /etc/passwd has one for the time, in a mount namespace of this program's own. */
function known(dir) {
  const accounts = path.join(dir, 'passwd')
  const home = path.join(dir, 'home')
  fs.mkdirSync(home)
  fs.chownSync(home, 12_345, 12_345)
  const line = `probe:x:12345:12345::${home}:/bin/sh\n`
  fs.writeFileSync(accounts, fs.readFileSync('/etc/passwd', 'utf8') + line, { mode: 0o644 })
  const script = `mount --bind '${accounts}' /etc/passwd && exec "$@"`
  return ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', script, 'sh']
}

/** As its manual has it for a program without a profile. */
function firejail() {
  const flags = [
    '--quiet --noprofile --whitelist="$PROJECT" --read-write="$PROJECT" --blacklist="$PROJECT/.env" --private-tmp --private-dev',
    '--caps.drop=all --nonewprivs --noroot --seccomp --net=none',
  ]
  return `firejail ${flags.join(' ')} --`
}
