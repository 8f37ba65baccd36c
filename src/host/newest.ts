import { lstatSync, readdirSync } from 'node:fs'

/** Names of a directory's entries that pass, but for the `kept` that were written last. Throws what reading it throws. */
export function allButNewest(dir: string, passes: (name: string) => boolean, kept: number): string[] {
  const names = readdirSync(dir).filter(passes)
  if (names.length <= kept) return []
  const all = names.map((name) => ({ name, written: lstatSync(`${dir}/${name}`).mtimeMs }))
  const newestFirst = all.toSorted((one, other) => other.written - one.written)
  return newestFirst.slice(kept).map(({ name }) => name)
}
