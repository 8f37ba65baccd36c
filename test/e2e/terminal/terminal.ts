import { execFileSync } from 'node:child_process'
import type { TestHome } from '../../support/home.ts'
import { as } from '../../support/who.ts'

export type Shell = 'bash' | 'zsh' | 'fish'

const shells: Record<Shell, { argv: string; prompt: string }> = {
  bash: { argv: 'bash --noprofile --norc -i', prompt: "PS1='> '" },
  zsh: { argv: 'zsh -f -i', prompt: "PS1='> '; unsetopt PROMPT_SP ZLE_BRACKETED_PASTE" },
  fish: { argv: 'fish --no-config -i', prompt: "function fish_prompt; printf '> '; end" },
}

/** A real terminal with an interactive shell in it, driven like a person would. */
export interface Terminal {
  /** A line with Enter. */
  type(line: string): void
  /** A key by tmux's name: `C-c`. */
  key(name: string): void
  resize(columns: number, rows: number): void
  /** What is on the screen, without blank lines and trailing blanks. */
  screen(): string
  /** Resolves when the screen shows it; rejects with the screen after `limit` milliseconds. */
  shows(what: RegExp, limit?: number): Promise<void>
  /** Does the same again and again until the screen shows it, for what a shell tells only when it is asked. */
  showsAfter(what: RegExp, again: () => void): Promise<void>
  close(): void
}

let count = 0

/** Opens a terminal of 80 × 50 in `cwd`; the caller closes it. */
export async function openTerminal(home: TestHome, shell: Shell, cwd: string): Promise<Terminal> {
  const socket = `${home.base}/home/tmux-${count++}`
  const tmux = (...args: string[]): string => {
    const [program, ...rest] = as(home.who, ['tmux', '-S', socket, '-f', '/dev/null', ...args])
    return execFileSync(program, rest, { cwd, env: home.env, encoding: 'utf8' })
  }
  const { argv, prompt } = shells[shell]
  tmux('new-session', '-d', '-x', '80', '-y', '50', argv)
  tmux('set-option', '-g', 'window-size', 'manual')
  const screen = (): string =>
    tmux('capture-pane', '-p', '-J')
      .split('\n')
      .map((line) => line.trimEnd())
      .filter((line) => line !== '')
      .join('\n')
  const terminal: Terminal = {
    // The end of a line is Enter.
    type: (line) => void tmux('send-keys', '-l', '--', `${line}\r`),
    key: (name) => void tmux('send-keys', name),
    resize: (columns, rows) => void tmux('resize-window', '-x', String(columns), '-y', String(rows)),
    screen,
    async shows(what, limit = 60_000) {
      const end = Date.now() + limit
      // Each look is a program that has to be started.
      for (let pause = 20; !what.test(screen()); pause = Math.min(pause * 2, 160)) {
        if (Date.now() > end) throw new Error(`${shell} does not show ${what}:\n${screen()}`)
        await new Promise((resolve) => setTimeout(resolve, pause))
      }
    },
    async showsAfter(what, again) {
      for (let times = 0; times < 60 && !what.test(screen()); times++) {
        again()
        await terminal.shows(what, 1000).catch(() => {})
      }
      await terminal.shows(what, 0)
    },
    close: () => void tmux('kill-server'),
  }
  await terminal.shows(/[$%#>]/)
  terminal.type(prompt)
  terminal.type(`clear; echo ready`)
  await terminal.shows(/^ready\n>$/m)
  return terminal
}
