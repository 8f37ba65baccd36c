// What the demo tries in the box, and what must come of it. A row's command is for sh.
import fs from 'node:fs'
import path from 'node:path'
import { capture } from '../lib/tools.mjs'
import { listFiles } from '../lib/world.mjs'

const quote = (text) => `'${text.replaceAll("'", `'\\''`)}'`

/** What the box read, without comments, or that there was nothing. */
function readText({ out, status }) {
  if (status !== 0) return reason(out)
  return out === '' ? 'reads as empty' : `reads ${linesOf(out).join(' ')}`
}

function linesOf(out) {
  return out.split('\n').filter((line) => !line.startsWith('#'))
}

/** The end of an error message, which is the kernel's own words. */
function reason(out) {
  const last = out.split('\n').at(-1) ?? ''
  return last.slice(last.lastIndexOf(': ') + 1).trim() || 'refused'
}

export function insideRows({ home }) {
  return [...masked(), ...hidden(home), ...refused(), ...works()]
}

/** That no secret is in the output is checked for every row. */
function masked() {
  const row = (title, file) => ({
    group: 'Masked',
    title,
    command: `cat ${file}`,
    expect: () => true,
    show: readText,
  })
  return [
    row('.env', '.env'),
    row('nested', 'services/api/.env.production'),
    row('a hard link to .env', 'backup/settings'),
    row('a symlink to .env', 'current-settings'),
    row('a private key', 'deploy/id_rsa'),
    {
      ...row('infra/vault/ (.agentboxrc)', ''),
      command: 'ls -A infra/vault',
      expect: ({ out }) => !out.includes('root-token'),
      show: ({ out }) => (out === '' ? 'an empty directory' : out),
    },
  ]
}

function hidden(home) {
  const absent = (name) => ({
    group: 'Hidden',
    title: `~/${name}`,
    command: `cat ${quote(path.join(home, name))}`,
    expect: ({ status }) => status !== 0,
    show: readText,
  })
  return [
    ...['.ssh/id_ed25519', '.aws/credentials', '.bash_history', 'other-project/.env'].map(absent),
    {
      group: 'Hidden',
      title: 'infra/prod/ (.agentboxrc)',
      command: 'ls -A infra/prod',
      expect: ({ out, status }) => out === '' || status !== 0,
      show: ({ out }) => (out === '' ? 'an empty directory' : reason(out)),
    },
    {
      group: 'Hidden',
      title: '$AWS_SECRET_ACCESS_KEY',
      command: 'printenv AWS_SECRET_ACCESS_KEY; cat /proc/[0-9]*/environ | tr "\\0" "\\n" | grep AWS_',
      expect: ({ out }) => !out.includes('AWS_SECRET'),
      show: () => 'not in the environment, not in /proc',
    },
    {
      group: 'Hidden',
      title: 'processes of this machine',
      command: `[ ! -e /proc/${process.pid}/cmdline ] || ! tr '\\0' ' ' </proc/${process.pid}/cmdline | grep demo.mjs`,
      expect: ({ status }) => status === 0,
      show: ({ status }) => (status === 0 ? 'not there' : 'VISIBLE'),
    },
  ]
}

function refused() {
  const row = (title, command) => ({
    group: 'Refused',
    title,
    command,
    expect: ({ status }) => status !== 0,
    show: ({ status, out }) => (status === 0 ? 'WENT THROUGH' : reason(out)),
  })
  return [
    row('plant a git hook', 'echo "touch /evil" >.git/hooks/pre-commit'),
    row('replace .git', 'mv .git .git2'),
    row('edit .agentboxrc', 'echo "version: 1" >.agentboxrc'),
    row('remove the mask: rm .env', 'rm -f .env'),
    row('remove the mask: mv .env', 'mv .env elsewhere'),
    row('remove the mask: umount', 'umount .env'),
    row('a sandbox in the sandbox', 'unshare --user --map-root-user true'),
    row('write to /usr', 'touch /usr/demo'),
  ]
}

function works() {
  const row = (title, command, expected, show = ({ out }) => out || 'ok') => ({
    group: 'Works',
    title,
    command,
    expect: ({ out, status }) => status === 0 && (expected === undefined || out === expected),
    show: (result) => (result.status === 0 ? show(result) : reason(result.out)),
  })
  const said = 'hello from the shop\nand from the box'
  return [
    row('read .env.example', 'cat .env.example', 'DB_PASSWORD=change-me', readText),
    row('edit a file', `echo 'echo "and from the box"' >>src/app.sh`),
    row('run a script', 'sh src/app.sh', said, ({ out }) => out.split('\n').at(-1)),
    row('write to /tmp', 'echo x >/tmp/x && cat /tmp/x', 'x', () => 'ok, in a /tmp of its own'),
    row('git add -A, git commit', 'git add -A && git commit -q -m "From the box"'),
    row('git status', 'git status --porcelain', '', () => 'clean'),
    // Last, for git in the box would obey it: it is in the box's copy of the configuration.
    row('git config core.fsmonitor', 'git config core.fsmonitor "touch /evil"', undefined, () => 'in a copy'),
  ]
}

/** On the host, when the box has ended. */
export function afterwards({ repository, env, hostEnv, files }) {
  const git = (...args) => capture('git', args, { cwd: repository, env }).stdout.trim()
  const row = (title, ok, shown) => ({ group: 'Afterwards, outside', title, ok, shown: ok ? shown : 'NO' })
  const same = (a, b) => JSON.stringify(a) === JSON.stringify(b)
  const file = path.join(repository, '.env')
  const now = fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : undefined
  return [
    row('.env', now === hostEnv, 'unchanged'),
    row('the commit', git('log', '-1', '--format=%s') === 'From the box', git('log', '-1', '--format=%h %s')),
    row('git status', git('status', '--porcelain') === '', 'clean'),
    row('files', same(listFiles(repository), files), 'none left behind'),
    row('core.fsmonitor', git('config', 'core.fsmonitor') === '', 'not set'),
    row('the hook', !fs.existsSync(path.join(repository, '.git/hooks/pre-commit')), 'not there'),
  ]
}
