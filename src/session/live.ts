import { lstatSync, readFileSync } from 'node:fs'
import { fsPath } from '../host/bytes.ts'
import { compileMatcher } from '../masks/patterns.ts'
import type { Mask } from '../masks/types.ts'
import type { Identity } from '../plan/ops.ts'
import type { LiveLook } from './inside.ts'
import type { Watched } from './supervise.ts'
import { surveyFiles } from './survey.ts'

/** Keeps the masks of a running box in step with the project. */
export interface LiveMasks {
  /** Looks for secrets everywhere, as at launch; resolves with the paths that were masked by it. */
  rescan(): Promise<string[]>
  /** Masks one path now if it has a secret's name; false if it has not, or nothing stands there. */
  cover(path: string): Promise<boolean>
}

/** A path whose file is replaced again and again while it is being masked. */
const ATTEMPTS = 5

export function startLive(watched: Watched): LiveMasks {
  const { prepared, journal } = watched
  const { situation, survey } = prepared
  const known = new Set(survey.masks.map(({ path }) => path))
  const place = async (mask: Mask): Promise<boolean> => {
    if (!(await placeMask(mask, watched))) return false
    const how = known.has(mask.path) ? 'replaced' : 'appeared'
    known.add(mask.path)
    journal.record({ kind: 'masked', path: mask.path, pattern: mask.reason.pattern, how })
    return true
  }
  const rescan = async (): Promise<string[]> => {
    const placed: string[] = []
    for (const mask of surveyFiles(situation).masks) if (await place(mask)) placed.push(mask.path)
    return placed
  }
  const matcher = compileMatcher(situation.policy.masks)
  return {
    rescan,
    async cover(path) {
      if (matcher.match(path, false) === undefined && matcher.match(path, true) === undefined) return false
      await rescan()
      return known.has(path)
    },
  }
}

/** True if the file was bare and is masked now; false if it is gone, or something covers it already. */
async function placeMask({ path, look }: Mask, { box }: Watched): Promise<boolean> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const expected = identityOf(path)
    if (expected === undefined) return false
    const { error, found } = await box.inside.mask(path, liveLook(look), expected)
    if (error === undefined) return true
    if (error === 'ENOENT' || error === 'ENOTDIR') return false
    const now = identityOf(path)
    const still = now?.dev === expected.dev && now.ino === expected.ino
    // What stands there inside is not the host's file: it is covered.
    if (error === 'EEXIST' && still && (found.dev !== expected.dev || found.ino !== expected.ino))
      return false
  }
  throw new Error(`${path} could not be masked`)
}

function identityOf(path: string): Identity | undefined {
  try {
    const { dev, ino } = lstatSync(fsPath(path), { bigint: true })
    return { dev: String(dev), ino: String(ino) }
  } catch {
    return undefined
  }
}

function liveLook(look: Mask['look']): LiveLook {
  switch (look.kind) {
    case 'empty':
    case 'directory':
      return { kind: 'empty' }
    case 'deny':
      return { kind: 'deny' }
    case 'keys':
      return { kind: 'text', text: look.text }
    case 'substitute':
      return { kind: 'text', text: readFileSync(fsPath(look.source), 'utf8') }
  }
}
