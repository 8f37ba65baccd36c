/** On a terminal: a line that says what takes its time, and is gone when that is done. */
export async function whileSaying<T>(
  text: string,
  talk: (text: string) => void,
  work: () => Promise<T>,
): Promise<T> {
  if (!process.stderr.isTTY) return await work()
  talk(text)
  try {
    return await work()
  } finally {
    talk(`\r${' '.repeat(text.length)}\r`)
  }
}
