import { closeSync, constants, fstatSync, ftruncateSync, openSync, writeSync, type Stats } from 'node:fs'
import { fail } from '../errors.ts'
import { heldBeneath } from '../host/beneath.ts'
import { fsPath } from '../host/bytes.ts'
import { lstatOf } from '../host/files.ts'
import { isWithin } from '../host/paths.ts'
import { compileMatcher } from '../masks/patterns.ts'
import { ask, liveSessions } from './registry.ts'
import type { Situation } from './situation.ts'

/** A secret that is covered in every box before anything is written into it. */
export interface OpenSecret {
  path: string
  created: boolean
  /** How many boxes confirmed the mask. */
  boxes: number
  read(): Buffer
  /** In place: the file stays the one that is covered. */
  write(content: Buffer): void
  close(): void
}

/**
 * Opens a secret of the project, makes it (empty, for its owner alone) if it is not there, and has it
 * masked in every running box that shows it. Fails with `secret-refused` if its name is not one that is
 * masked, or if a box does not confirm.
 */
export async function openSecret(situation: Situation, path: string): Promise<OpenSecret> {
  const { project, policy, dirs } = situation
  const refuse = (reason: string, hint: string): never => fail({ code: 'secret-refused', path, reason, hint })
  if (!isWithin(path, project.root)) refuse('it is not in this project', `the project is ${project.root}`)
  if (lstatOf(path)?.isDirectory() === true) refuse('it is a directory', 'name a file in it')
  if (compileMatcher(policy.masks).match(path, false) === undefined)
    refuse('agents can read files of this name', 'add its name to masks.patterns')
  const { fd, created } = openOrMake(project.root, path, refuse)
  try {
    const sessions = liveSessions(dirs.state).filter((session) => isWithin(path, session.project))
    let boxes = 0
    for (const session of sessions) {
      const answer = await ask(dirs.state, session, { do: 'mask', path })
      if (answer.ok && answer.masked.includes(path)) boxes++
      else if (answer.ok || answer.reason !== 'it has ended')
        refuse(
          `the box of ${session.agent} (${session.pid}) did not mask it: ${answer.ok ? 'it does not see it as a secret' : answer.reason}`,
          'nothing was written; end that session first',
        )
    }
    return secretOf(fd, { path, created, boxes })
  } catch (error) {
    closeSync(fd)
    throw error
  }
}

const LIMIT = 16 << 20

function secretOf(fd: number, about: Pick<OpenSecret, 'path' | 'created' | 'boxes'>): OpenSecret {
  return {
    ...about,
    read: () => readAll(fd),
    write(content) {
      ftruncateSync(fd, 0)
      for (let at = 0; at < content.length;) at += writeSync(fd, content, at, content.length - at, at)
    },
    close: () => closeSync(fd),
  }
}

function readAll(fd: number): Buffer {
  const { size } = fstatSync(fd)
  if (size > LIMIT) fail({ code: 'io', action: 'edit', path: 'the secret', reason: 'it is too large' })
  const { readSync } = process.getBuiltinModule('node:fs')
  const buffer = Buffer.alloc(size)
  return buffer.subarray(0, readSync(fd, buffer, 0, size, 0))
}

type Refuse = (reason: string, hint: string) => never

function openOrMake(root: string, path: string, refuse: Refuse): { fd: number; created: boolean } {
  const { O_RDWR, O_NOFOLLOW, O_NONBLOCK, O_CREAT, O_EXCL } = constants
  const open = (flags: number): number | undefined =>
    heldBeneath(root, path.slice(root.length + 1), (place) => openSync(fsPath(place), flags, 0o600))
  const opened = attempt(() => open(O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW), 'EEXIST')
  const fd = opened ?? attempt(() => open(O_RDWR | O_NOFOLLOW | O_NONBLOCK), 'ELOOP', 'EISDIR', 'ENXIO')
  if (fd === undefined && lstatOf(path) === undefined)
    return refuse('its directory is not there, or a link leads to it', 'make the directory first')
  if (fd === undefined) return refuse('it is no ordinary file', 'remove it, or name what a link leads to')
  const stat: Stats = fstatSync(fd)
  if (stat.isFile()) return { fd, created: opened !== undefined }
  closeSync(fd)
  return refuse('it is no ordinary file', 'remove it first')
}

function attempt<T>(work: () => T, ...expected: string[]): T | undefined {
  try {
    return work()
  } catch (error) {
    if (expected.includes((error as NodeJS.ErrnoException).code ?? '')) return undefined
    throw error
  }
}
