import type { Place } from '../errors.ts'

/** As a reader meets them: file by file (outermost first), line by line. */
export function inFileOrder<T extends Place>(found: readonly T[]): T[] {
  const files = [...new Set(found.map(({ file }) => file))].toSorted((a, b) => a.length - b.length)
  const order = ({ file, line = 0, column = 0 }: Place) => [files.indexOf(file), line, column]
  return found.toSorted((a, b) => {
    const [x, y] = [order(a), order(b)]
    return x[0]! - y[0]! || x[1]! - y[1]! || x[2]! - y[2]!
  })
}
