import type { ShellName, World } from './world.ts'

/** A way in which `claude` comes to be started, typed into a session of the shell. */
export interface Way {
  name: string
  line(tag: string, world: World, shell: ShellName | 'dash'): string
  /** Takes so long that it is not tried in every place. */
  slow?: true
  /** Starts another shell of this kind. */
  starts?: true
}

/** It comes back before the agent is done. */
const tmux = (tag: string, { base }: World): string =>
  `tmux -S ${base}/tmux -f /dev/null new-session -d 'claude ${tag}'`

export const ways: readonly Way[] = [
  { name: 'interactive', line: (tag) => `claude ${tag}` },
  { name: 'login', starts: true, line: (tag, _, shell) => `${shell} -l -c 'claude ${tag}'` },
  { name: '-c', starts: true, line: (tag, _, shell) => `${shell} -c 'claude ${tag}'` },
  { name: '-i -c', starts: true, line: (tag, _, shell) => `${shell} -i -c 'claude ${tag}'` },
  { name: 'script', line: (tag, { base }) => `${base}/script ${tag}` },
  {
    name: 'script of this shell',
    starts: true,
    line: (tag, { base }, shell) => `${base}/script.${shell} ${tag}`,
  },
  { name: 'env', line: (tag) => `env claude ${tag}` },
  { name: 'xargs', line: (tag) => `echo ${tag} | xargs claude` },
  { name: 'find', line: (tag) => `find . -maxdepth 0 -exec claude ${tag} ';'` },
  { name: 'timeout', line: (tag) => `timeout 30 claude ${tag}` },
  { name: 'exec', starts: true, line: (tag, _, shell) => `${shell} -c 'exec claude ${tag}'` },
  { name: 'command', line: (tag) => `command claude ${tag}` },
  {
    name: 'subshell',
    line: (tag, _, shell) => (shell === 'fish' ? `begin; claude ${tag}; end` : `(claude ${tag})`),
  },
  { name: 'pipe', line: (tag) => `claude ${tag} | cat` },
  { name: 'make', line: (tag, { base }) => `make -s -f ${base}/Makefile TAG=${tag}` },
  { name: 'git alias', line: (tag) => `git -c alias.agent='!claude' agent ${tag}` },
  { name: 'npm script', line: (tag) => `npm run -s agent -- ${tag}`, slow: true },
  { name: 'tmux pane', line: tmux, slow: true },
]

export function prepareWays({ write }: World): void {
  write('script', '#!/bin/sh\nclaude "$1"\n', 0o755)
  for (const shell of ['bash', 'zsh', 'fish', 'dash'])
    write(
      `script.${shell}`,
      `#!/usr/bin/env ${shell}\nclaude ${shell === 'fish' ? '$argv' : '"$1"'}\n`,
      0o755,
    )
  write('Makefile', 'all:\n\t@claude $(TAG)\n')
  const npm = '{ "scripts": { "agent": "claude" } }\n'
  write('repo/package.json', npm)
  write('outside/package.json', npm)
}
