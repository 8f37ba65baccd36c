// What activation costs a shell: reading the line, the hook at a prompt, and other tools' shims beside ours.
import fs from 'node:fs'
import path from 'node:path'
import { capture, root, Stop, which } from '../../scripts/lib/tools.mjs'
import { ms, program, signed } from './rows.mjs'

const aims = { startMs: 5, promptMs: 0.2 }
const AGENTBOX = path.join(root, 'dist/agentbox.cjs')
const shells = ['bash', 'zsh', 'fish'].filter((name) => which(name) !== undefined)

/** pyenv's shim starts bash, which asks three of its commands, each bash again, and then the program. */
const PYENV = {
  claude: '#!/usr/bin/env bash\nset -e\nexec "$ROOT/pyenv" exec "${0##*/}" "$@"\n',
  pyenv: `#!/usr/bin/env bash
set -e
version=$("$ROOT/pyenv-version-name")
command=$("$ROOT/pyenv-which" "$2")
hooks=$("$ROOT/pyenv-hooks" exec)
shift 2
exec "$command" "$@"
`,
  'pyenv-version-name': '#!/usr/bin/env bash\necho 3.11.7\n',
  'pyenv-which': '#!/usr/bin/env bash\necho "$REAL"\n',
  'pyenv-hooks': '#!/usr/bin/env bash\nshopt -s nullglob\n',
}
/** A shim that asks its tool, which is written for Node. */
const NODE = `#!/usr/bin/env node
process.exitCode = require('node:child_process').spawnSync(process.env.REAL, process.argv.slice(2), { stdio: 'inherit' }).status
`

export const shell = {
  name: 'shell',
  programs(world) {
    const home = activatedHome(world)
    const { programs, outside } = world.shims
    const REAL = path.join(programs, 'claude')
    const pyenv = scripts(path.join(world.dir, 'pyenv'), PYENV)
    const node = scripts(path.join(world.dir, 'node-shim'), { claude: NODE })
    const PATH = `${path.dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`
    const starts = (label, kind, name) =>
      program(world, `${label} ${name}`, [name, '-i', '-c', 'true'], {
        cwd: home,
        env: startEnv(home, kind),
      })
    return [
      program(world, 'pyenv-like', [`${pyenv}/claude`], { cwd: outside, env: { ROOT: pyenv, REAL } }),
      program(world, 'node shim', [`${node}/claude`], { cwd: outside, env: { REAL, PATH } }),
      // The first finds the caches as the program before it left them, so that one does not count.
      ...shells.flatMap((name) => [
        starts('warm', 'plain', name),
        starts('plain', 'plain', name),
        starts('activated', 'activated', name),
      ]),
    ]
  },
  rows(world, at) {
    const others = ['pyenv-like', 'node shim'].map((name) =>
      ms(`${name} shim`.replace('shim shim', 'shim'), at(name).ms),
    )
    const starts = shells.map((name) => {
      const added = at(`activated ${name}`).ms - at(`plain ${name}`).ms
      return ms(`${name} -i, activated`, at(`activated ${name}`).ms, {
        against: `${signed(added)} ms`,
        aim: `≤ +${aims.startMs} ms`,
        ok: added <= aims.startMs,
      })
    })
    return [...others, ...starts, ...prompts(world)]
  },
}

const startEnv = (home, kind) => ({
  HOME: home,
  ZDOTDIR: path.join(home, kind),
  XDG_CONFIG_HOME: path.join(home, kind),
  BASH_ENV: '',
  // bash -i -c reads ~/.bashrc only: both homes share the installation.
  ...(kind === 'plain' ? { HOME: path.join(home, 'plain') } : {}),
})

/** A home with the line in its start files, and one without in `plain`. */
function activatedHome({ dir }) {
  const home = path.join(dir, 'shell-home')
  for (const kind of ['plain/fish', 'activated/fish'])
    fs.mkdirSync(path.join(home, kind), { recursive: true })
  fs.writeFileSync(path.join(home, 'plain/.bashrc'), '')
  fs.writeFileSync(path.join(home, 'plain/.zshrc'), '')
  const env = { PATH: process.env.PATH, ...startEnv(home, 'activated') }
  const done = capture(process.execPath, [AGENTBOX, 'activate', '--write', 'bash', 'zsh', 'fish'], {
    env,
    cwd: home,
  })
  if (done.status !== 0) throw new Stop(`bench: activate --write\n${done.stderr}`)
  return home
}

function scripts(dir, files) {
  fs.mkdirSync(dir, { recursive: true })
  for (const [name, text] of Object.entries(files))
    fs.writeFileSync(path.join(dir, name), text, { mode: 0o755 })
  return dir
}

/** Microseconds of one call, in a shell that has just been at a prompt in the same directory. */
const LOOPS = {
  bash: (hook, times) =>
    `${hook}; a=\${EPOCHREALTIME/./}; for ((i = 0; i < ${times}; i++)); do ${hook}; done; echo $(((\${EPOCHREALTIME/./} - a)))`,
  zsh: (hook, times) =>
    `zmodload zsh/datetime; ${hook}; a=$EPOCHREALTIME; for ((i = 0; i < ${times}; i++)); do ${hook}; done; printf '%d\\n' $(((EPOCHREALTIME - a) * 1000000))`,
  fish: (hook, times) =>
    `${hook}; set -l a (date +%s%N); for i in (seq ${times}); ${hook}; end; math \\((date +%s%N) - $a\\) / 1000`,
}
const HOOKS = { bash: '_agentbox_prompt', zsh: '_agentbox_precmd', fish: '_agentbox_prompt' }
const DIRENV = { bash: '_direnv_hook', zsh: '_direnv_hook', fish: '__direnv_export_eval' }

function prompts(world) {
  const home = path.join(world.dir, 'shell-home')
  return shells.map((name) => {
    const ours = call(name, home, '', HOOKS[name], 300)
    const hook = name === 'fish' ? 'direnv hook fish | source;' : `eval "$(direnv hook ${name})";`
    const theirs = which('direnv') === undefined ? undefined : call(name, home, hook, DIRENV[name], 20)
    return ms(`prompt hook, ${name}`, ours, {
      against: theirs === undefined ? 'direnv is not here' : `direnv ${theirs.toFixed(1)} ms`,
      digits: 3,
      aim: `≤ ${aims.promptMs} ms`,
      ok: ours <= aims.promptMs,
    })
  })
}

/** The least of five rounds, in milliseconds: a busy machine only adds. In a boxed repository that was told of before. */
function call(name, home, before, hook, times) {
  const repository = path.join(home, 'repository/src/deep/er')
  fs.mkdirSync(repository, { recursive: true })
  fs.writeFileSync(path.join(home, 'repository/.agentboxrc'), 'version: 1\n')
  const env = { ...startEnv(home, 'activated'), PATH: '/usr/local/bin:/usr/bin:/bin', TERM: 'dumb' }
  const rounds = Array.from({ length: 5 }, () => {
    const done = capture(name, ['-i', '-c', `${before} ${LOOPS[name](hook, times)}`], {
      env,
      cwd: repository,
    })
    const microseconds = Number(done.stdout.trim().split('\n').at(-1))
    if (!Number.isFinite(microseconds)) throw new Stop(`bench: ${name} ${hook}\n${done.stdout}${done.stderr}`)
    return microseconds / times / 1000
  })
  return Math.min(...rounds)
}
