import type { Duplex } from 'node:stream'

/** Milliseconds in which a client must have said what it wants. */
export const PATIENCE = 15_000

/** Milliseconds for the user's own proxy, which itself waits for a far host. */
export const UPSTREAM_PATIENCE = 60_000

/** Connects two streams both ways, with back-pressure, each direction ending by itself. */
export function join(a: Duplex, b: Duplex): void {
  a.pipe(b)
  b.pipe(a)
  for (const [one, other] of [
    [a, b],
    [b, a],
  ] as const) {
    one.on('error', () => {
      one.destroy()
      other.destroy()
    })
    one.on('close', () => finish(one, other))
  }
}

/** What has arrived is still delivered; nobody is left to answer to. */
export function finish(closed: Duplex, other: Duplex): void {
  if (!closed.readableEnded || other.writableFinished) other.destroy()
  else other.once('finish', () => other.destroy())
}

/** Collects from a stream until `enough` says what it wants to know, and leaves the stream paused. */
export function collect<T>(
  stream: Duplex,
  first: Buffer,
  enough: (bytes: Buffer) => T | undefined,
  patience = PATIENCE,
): Promise<{ bytes: Buffer; value: T } | undefined> {
  return new Promise((resolve) => {
    let bytes = first
    const stop = (value: T | undefined): void => {
      clearTimeout(timer)
      stream.off('data', onData).off('end', gone).off('close', gone)
      stream.pause()
      resolve(value === undefined ? undefined : { bytes, value })
    }
    const gone = (): void => stop(undefined)
    const timer = patience === Number.POSITIVE_INFINITY ? undefined : setTimeout(gone, patience)
    const onData = (chunk: Buffer): void => {
      bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk])
      const value = enough(bytes)
      if (value !== undefined) stop(value)
    }
    const already = bytes.length === 0 ? undefined : enough(bytes)
    if (already !== undefined) return stop(already)
    stream.on('data', onData).on('end', gone).on('close', gone)
    stream.resume()
  })
}
