import { spawn } from 'node:child_process'

/** An interactive shell in a pseudo-terminal of its own (by script(1)), typed at line by line. */
export interface Session {
  /** Types a line and waits until the shell has come to the next one; resolves with what it printed. */
  line(text: string): Promise<string>
  /** Ends the shell; resolves with all that there was on the terminal. */
  end(): Promise<string>
}

export interface SessionInput {
  argv: readonly string[]
  cwd: string
  env: Record<string, string>
  /** Milliseconds for one line. */
  limit?: number
}

const quote = (word: string): string => `'${word.replaceAll("'", String.raw`'\''`)}'`

/** The caller ends it. */
export function openSession({ argv, cwd, env, limit = 60_000 }: SessionInput): Session {
  const command = ['stty -echo cols 200;', 'exec', ...argv.map(quote)].join(' ')
  const child = spawn('script', ['-qfec', command, '/dev/null'], { cwd, env: { SHELL: '/bin/sh', ...env } })
  let text = ''
  let wake = (): void => {}
  // What is typed before the first prompt may be thrown away with the terminal's old settings.
  const prompted = new Promise<void>((resolve) => {
    child.stdout.once('data', () => resolve())
  })
  child.stdout.setEncoding('latin1').on('data', (part: string) => {
    text += part
    wake()
  })
  child.stderr.resume()
  const ended = new Promise<string>((resolve) => {
    child.once('close', () => resolve(text))
  })
  const shows = (what: string, from: number): Promise<number> =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`no ${what} within ${limit} ms:\n${JSON.stringify(text.slice(from))}`)),
        limit,
      )
      wake = (): void => {
        const at = text.indexOf(what, from)
        if (at < 0) return
        clearTimeout(timer)
        wake = () => {}
        resolve(at)
      }
      wake()
    })
  let count = 0
  return {
    async line(typed) {
      await prompted
      const from = text.length
      count++
      // Echoed, the mark has quotes in it; printed, it has none.
      child.stdin.write(`${typed}\necho "<<""${count}>>"\n`)
      const at = await shows(`<<${count}>>`, from)
      return text.slice(from, at)
    },
    async end() {
      child.stdin.write('exit\n')
      const timer = setTimeout(() => child.kill('SIGKILL'), 10_000)
      const all = await ended
      clearTimeout(timer)
      return all
    },
  }
}
