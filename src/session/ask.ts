import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs'

/**
 * Questions on the terminal. A line at a time and nothing else: whatever state an agent or another program
 * has left the terminal in, in a dumb one and for a screen reader. Loaded only when there is something to
 * ask; it fails with nothing, and where it cannot ask the answer is no.
 */

export type Answer = 'yes' | 'no' | 'without'

export interface Question {
  /** All text is escaped already. */
  text: string
  /** Without the choices. */
  ask: string
  /** Is going on without the grants a choice? */
  without: boolean
  /** The whole box, on demand. */
  box: () => string
}

/** Nobody types more, and a program that does is not asked. */
const MOST_TRIES = 5

export function ask({ text, ask: line, without, box }: Question): Answer {
  const fd = openTerminal()
  if (fd === undefined) return 'no'
  try {
    writeSync(fd, text)
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const choices = [
        '[y]es',
        '[n]o',
        ...(without ? ['[w]ithout them this time'] : []),
        '[s]how the whole box',
      ]
      writeSync(fd, `  ${line} ${choices.join(' · ')} `)
      const answer = readLine(fd)?.trim().toLowerCase()
      if (answer === undefined || answer === 'n' || answer === 'no') return 'no'
      if (answer === 'y' || answer === 'yes') return 'yes'
      if (without && (answer === 'w' || answer === 'without')) return 'without'
      writeSync(fd, answer === 's' || answer === 'show' ? `\n${box()}\n` : '')
    }
    return 'no'
  } catch {
    return 'no'
  } finally {
    closeSync(fd)
  }
}

/** What was typed or pasted before the question was there answers nothing. */
function openTerminal(): number | undefined {
  const flags = constants.O_RDWR | constants.O_NOCTTY
  try {
    const early = openSync('/dev/tty', flags | constants.O_NONBLOCK)
    try {
      while (readSync(early, Buffer.alloc(4096)) > 0);
    } catch {
      // Nothing is there any more.
    } finally {
      closeSync(early)
    }
    return openSync('/dev/tty', flags)
  } catch {
    return undefined
  }
}

/** One line, without its end; undefined at the end of input. */
function readLine(fd: number): string | undefined {
  let line = ''
  const byte = Buffer.alloc(1)
  // The rest of the input is the agent's, so no byte beyond the line is taken.
  while (readSync(fd, byte) === 1) {
    const char = byte.toString('latin1')
    if (char === '\n' || char === '\r') return line
    if (line.length < 100) line += char
  }
  return undefined
}
