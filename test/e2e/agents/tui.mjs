// The agent's own screen in a real terminal: it comes up, follows a resize, and Ctrl-C ends it.
import { setTimeout as delay } from 'node:timers/promises'
import { capture } from '../../../scripts/lib/tools.mjs'
import { activated } from './world.mjs'

const screens = {
  // The status line is a script of the user's.
  claude: { up: /(?:Claude Code|for shortcuts)[^]*status-of-the-user/, args: () => [] },
  codex: {
    up: /OpenAI Codex/,
    args: ({ url }) => ['-c', `openai_base_url=${url}/v1`, '-c', 'tui.animations=false'],
  },
}

export const tui = {
  name: 'terminal',
  needs: ({ name }) => (name in screens ? undefined : 'not tried'),
  async run(world) {
    const { up, args } = screens[world.agent.name]
    const tmux = terminal(world)
    const argv = activated(world, args(world))
    try {
      tmux('new-session', '-d', '-x', '90', '-y', '40', 'bash', '--norc')
      tmux('set-option', '-g', 'window-size', 'manual')
      const line = `${argv.slice(world.user.prefix.length).map(quoted).join(' ')}; echo ended-$((40 + 2))`
      tmux('send-keys', '-l', '--', line)
      tmux('send-keys', 'Enter')
      if (!(await shows(tmux, up))) return [`no start screen:\n${screen(tmux)}`]
      tmux('resize-window', '-x', '60', '-y', '30')
      if (!(await shows(tmux, /^.{50,60}$/m))) return ['nothing was drawn after the resize']
      // The second counts only while the screen says what it does; a busy machine may be too late for that, so that
      // every other time both come together.
      for (let i = 0; i < 20 && !/ended-42/.test(screen(tmux)); i++) {
        tmux('send-keys', 'C-c', ...(i % 2 === 1 ? ['C-c'] : []))
        await shows(tmux, /ended-42|again to exit/i, 30)
      }
      return (await shows(tmux, /ended-42/)) ? [] : [`Ctrl-C did not end it:\n${screen(tmux)}`]
    } finally {
      tmux('kill-server')
    }
  },
}

function terminal(world) {
  const [command, ...rest] = world.as(['tmux', '-S', `${world.dir}/tmux`, '-f', '/dev/null'])
  return (...args) =>
    capture(command, [...rest, ...args], {
      cwd: world.repository,
      env: { ...world.env, TERM: 'xterm-256color' },
    }).stdout
}

const screen = (tmux) =>
  tmux('capture-pane', '-p')
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '')
    .join('\n')

/** `patience`: tenths of a second. */
async function shows(tmux, what, patience = 600) {
  for (let i = 0; i < patience; i++) {
    if (what.test(screen(tmux))) return true
    await delay(100)
  }
  return false
}

const quoted = (word) => `'${word.replaceAll("'", String.raw`'\''`)}'`
