import type { BigIntStats } from 'node:fs'
import { readExactly } from '../host/files.ts'
import type { MaskRules, Origin } from '../policy/types.ts'
import { MAX_REDACTED, redactKeys } from './redact.ts'
import type { Found } from './found.ts'
import type { MaskLook, MaskReason } from './types.ts'

/** What stands in for it inside. Whatever cannot be shown safely is empty. */
export function lookOf(found: Found, policy: MaskRules): MaskLook {
  if (found.entry === 'directory') return { kind: 'directory' }
  if (found.substitute !== undefined) return { kind: 'substitute', ...found.substitute }
  const { show } = policy
  switch (show.value) {
    case 'deny':
      return { kind: 'deny' }
    case 'empty':
      return { kind: 'empty' }
    case 'keys': {
      const isDotenv = found.entry === 'file' && found.preset === 'dotenv'
      const content = isDotenv ? readSecret(found.path, found.stat) : undefined
      const text =
        content === undefined ? undefined : redactKeys(content, headerFor(found.reason, show.origin))
      return text === undefined ? { kind: 'empty' } : { kind: 'keys', text }
    }
  }
}

/** Tells an agent that looks why there are no values. */
function headerFor({ pattern, origin }: MaskReason, show: Origin): string {
  return `# agentbox: names only, the values are hidden (masks.patterns "${pattern}", ${place(origin)}; show: keys, ${place(show)})`
}

function place({ layer, file, line }: Origin): string {
  if (file === undefined) return layer === 'built-in' ? 'built in' : layer
  const name = file.slice(file.lastIndexOf('/') + 1)
  return line === undefined ? name : `${name}:${line}`
}

function readSecret(path: string, expected: BigIntStats): string | undefined {
  const bytes = readExactly(path, expected, MAX_REDACTED)
  try {
    return bytes && new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}
