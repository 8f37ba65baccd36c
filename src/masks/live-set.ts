import type { ScanEntry, Unreadable } from './scan.ts'
import type { Mask, MaskLook } from './types.ts'

/**
 * The masks of a project while it changes: what a fresh scan would find, kept in step by events. Values
 * only; what to look at and what is decided comes from outside (`tracker.ts`).
 */
export interface LiveSet {
  /** Everything under a secret's name, by path. */
  entries: ReadonlyMap<string, ScanEntry>
  unreadable: ReadonlyMap<string, Unreadable>
  masks: ReadonlyMap<string, Mask>
}

export type SetEvent =
  | { kind: 'seen'; entry: ScanEntry }
  | { kind: 'gone'; path: string }
  /** Everything below a directory is; under its own name something else may stand. */
  | { kind: 'left'; directory: string }
  | { kind: 'unreadable'; directory: Unreadable }
  | { kind: 'readable'; path: string }
  | { kind: 'decided'; masks: readonly Mask[] }

export interface MaskDelta {
  added: Mask[]
  removed: Mask[]
  /** It is masked as before, and looks otherwise. */
  changed: Mask[]
}

export const emptySet: LiveSet = { entries: new Map(), unreadable: new Map(), masks: new Map() }

export function applyEvent(set: LiveSet, event: SetEvent): LiveSet {
  return applyEvents(set, [event])
}

/** The same as one after the other, with one copy for all. */
export function applyEvents(set: LiveSet, events: readonly SetEvent[]): LiveSet {
  const entries = new Map(set.entries)
  const unreadable = new Map(set.unreadable)
  let masks = set.masks
  for (const event of events) {
    switch (event.kind) {
      case 'seen':
        entries.set(event.entry.path, event.entry)
        break
      case 'gone':
        entries.delete(event.path)
        break
      case 'left':
        removeBelow(entries, event.directory)
        removeBelow(unreadable, event.directory)
        unreadable.delete(event.directory)
        break
      case 'unreadable':
        unreadable.set(event.directory.path, event.directory)
        break
      case 'readable':
        unreadable.delete(event.path)
        break
      case 'decided':
        masks = new Map(event.masks.map((mask) => [mask.path, mask]))
        break
    }
  }
  return { entries, unreadable, masks }
}

function removeBelow(map: Map<string, unknown>, path: string): void {
  const prefix = `${path}/`
  for (const key of map.keys()) if (key.startsWith(prefix)) map.delete(key)
}

export function diff(before: ReadonlyMap<string, Mask>, after: ReadonlyMap<string, Mask>): MaskDelta {
  const delta: MaskDelta = { added: [], removed: [], changed: [] }
  for (const mask of after.values()) {
    const was = before.get(mask.path)
    if (was === undefined) delta.added.push(mask)
    else if (!sameLook(was.look, mask.look)) delta.changed.push(mask)
  }
  for (const mask of before.values()) if (!after.has(mask.path)) delta.removed.push(mask)
  return delta
}

function sameLook(one: MaskLook, other: MaskLook): boolean {
  if (one.kind === 'keys' && other.kind === 'keys') return one.text === other.text
  if (one.kind === 'substitute' && other.kind === 'substitute') {
    const same = one.identity?.dev === other.identity?.dev && one.identity?.ino === other.identity?.ino
    return one.source === other.source && same
  }
  return one.kind === other.kind
}
