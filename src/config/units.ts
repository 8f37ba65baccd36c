import { parentOf } from '../host/paths.ts'
import type { LoadedFile } from './load.ts'
import { hashOf } from './read.ts'

/** A policy file of the repository with the files that it extends: what is approved is approved together. */
export interface PolicyUnit {
  path: string
  files: LoadedFile[]
  /**
   * Lower-case hex of the path `as` and all bytes. For a file that extends nothing it is the hash of path
   * and bytes alone. Names of extended files count by their way from the file, so that the same tree in
   * another place has the same.
   */
  sha256As(as: string): string
}

interface Read {
  file: LoadedFile
  bytes: Buffer
}

export function unitsOf(read: readonly Read[]): PolicyUnit[] {
  const repo = read.filter(({ file }) => file.layer === 'repo')
  return repo
    .filter(({ file }) => file.under === undefined)
    .map(({ file, bytes }) => {
      const extended = repo.filter((one) => one.file.under === file.path)
      // No policy has a NUL byte, so these ends cannot be moved.
      const parts = extended.flatMap((one) => [
        Buffer.from(`\0${wayFrom(parentOf(file.path), one.file.path)}\0`),
        one.bytes,
      ])
      return {
        path: file.path,
        files: [...extended.map((one) => one.file), file],
        sha256As: (as) => hashOf(as, Buffer.concat([bytes, ...parts])),
      }
    })
}

function wayFrom(dir: string, path: string): string {
  const [from, to] = [dir.split('/'), path.split('/')]
  let same = 0
  while (same < from.length && from[same] === to[same]) same++
  return [...from.slice(same).map(() => '..'), ...to.slice(same)].join('/')
}
