import type { Origin } from './types.ts'

/** Where a rule stands, for people; not yet escaped. Pure. */
export function originText({ layer, file, line }: Origin): string {
  if (file === undefined) return layer === 'built-in' ? 'built in' : layer
  return `${file}${line === undefined ? '' : `:${line}`}`
}
