import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'

/** Requests of a connection that wait for those before. Clients that send ahead at all send a few. */
const MOST_WAITING = 16

type InTurn = (request: IncomingMessage, response: ServerResponse, serve: () => Promise<void>) => void

/**
 * Serves the requests of a connection one after the other. Each has a connection of its own outside, so that a single
 * one of the box's could open any number of them, and have any number of answers held here.
 */
export function makeTurns(): InTurn {
  const lines = new WeakMap<Duplex, { length: number; last: Promise<void> }>()
  return ({ socket }, response, serve) => {
    const line = lines.get(socket) ?? { length: 0, last: Promise.resolve() }
    lines.set(socket, line)
    if (line.length === MOST_WAITING) return void socket.destroy()
    line.length++
    const mine = async (): Promise<void> => {
      if (!socket.writable) return
      const answered = new Promise<void>((resolve) => response.once('close', resolve))
      await Promise.all([serve(), answered])
      line.length--
    }
    line.last = line.last.then(mine)
  }
}
