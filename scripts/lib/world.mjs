// A throw-away home and repository full of made-up secrets.
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { capture, Stop } from './tools.mjs'

const policy = `version: 1
masks:
  patterns: ["infra/vault/"]
  show: keys
filesystem:
  hide: [infra/prod/]
`

export function makeWorld(dir) {
  const home = path.join(dir, 'home')
  const repository = path.join(home, 'shop')
  const secrets = []
  const secret = (name) => `${name}-${randomBytes(6).toString('hex')}`
  const kept = (name) => {
    secrets.push(secret(name))
    return secrets.at(-1)
  }
  const env = cleanEnvironment(home, kept('env'))
  writeAll(home, homeFiles(kept))
  writeAll(repository, repositoryFiles(kept))
  fs.mkdirSync(path.join(repository, 'backup'))
  fs.linkSync(path.join(repository, '.env'), path.join(repository, 'backup/settings'))
  fs.symlinkSync('.env', path.join(repository, 'current-settings'))
  makeGit(repository, env)
  const hostEnv = fs.readFileSync(path.join(repository, '.env'), 'utf8')
  return { home, repository, env, secret, secrets, hostEnv, files: listFiles(repository) }
}

function cleanEnvironment(home, value) {
  const own = { HOME: home, PATH: process.env.PATH, TERM: 'dumb', NO_COLOR: '1', LANG: 'C.UTF-8' }
  return { ...own, AWS_SECRET_ACCESS_KEY: value }
}

// agentbox: allow-secret, made up
const key = (value) => `-----BEGIN OPENSSH PRIVATE KEY-----\n${value}\n-----END OPENSSH PRIVATE KEY-----\n`

function homeFiles(kept) {
  return {
    '.ssh/id_ed25519': key(kept('ssh')),
    '.aws/credentials': `[default]\naws_secret_access_key = ${kept('aws')}\n`,
    '.bash_history': `mysql -p${kept('history')}\n`,
    'other-project/.env': `TOKEN=${kept('other')}\n`,
  }
}

function repositoryFiles(kept) {
  return {
    '.agentboxrc': policy,
    '.gitignore': '.env*\n!.env.example\nid_rsa\nbackup/\ncurrent-settings\ninfra/\n',
    '.env': `DB_HOST=db.internal\nDB_PASSWORD=${kept('database')}\n`,
    '.env.example': 'DB_PASSWORD=change-me\n',
    'services/api/.env.production': `API_KEY=${kept('api')}\n`,
    'deploy/id_rsa': key(kept('rsa')),
    'infra/vault/root-token': `${kept('vault')}\n`,
    'infra/prod/main.tf': `password = "${kept('terraform')}"\n`,
    'src/app.sh': 'echo "hello from the shop"\n',
  }
}

function writeAll(top, files) {
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(top, name)
    fs.mkdirSync(path.dirname(file), { recursive: true })
    fs.writeFileSync(file, text)
  }
}

function makeGit(repository, env) {
  const commands = [
    ['init', '-q', '-b', 'main'],
    ['config', 'user.name', 'Demo'],
    ['config', 'user.email', 'demo@example.com'],
    ['add', '-A'],
    ['commit', '-q', '-m', 'first'],
  ]
  for (const args of commands) {
    const done = capture('git', args, { cwd: repository, env })
    if (done.status !== 0) throw new Stop(`demo: git ${args.join(' ')}\n${done.stderr}`)
  }
}

/** Everything but what is in .git. */
export function listFiles(repository) {
  return fs
    .readdirSync(repository, { recursive: true })
    .filter((name) => !name.startsWith('.git/'))
    .toSorted()
}
