/** What a running box makes of a policy that changed: for its journal and the closing lines. Not yet escaped. */

interface Changes {
  now: readonly string[]
  later: readonly string[]
  wider: readonly string[]
}

/** Entries of a list; the others are counted. */
const MOST = 6

export function sayChanges({ now, later, wider }: Changes): string[] {
  return [
    ...(now.length === 0 ? [] : [`stricter, in this box at once: ${list(now)}`]),
    ...(later.length === 0 ? [] : [`stricter, takes effect at the next launch: ${list(later)}`]),
    ...(wider.length === 0 ? [] : [`wider, applies from the next launch on: ${list(wider)}`]),
  ]
}

/** Whatever was thrown: this box goes on under what it has. */
export function refusalWords(error: unknown): string {
  return `${problemOf(error)}; this box keeps the policy that it has`
}

function problemOf(error: unknown): string {
  const { problem } = error as { problem?: Problem }
  const [issue] = problem?.issues ?? []
  if (issue !== undefined) {
    const place = issue.line === undefined ? '' : ` (line ${issue.line})`
    return `cannot be used: ${issue.key === undefined ? '' : `${issue.key} `}${issue.problem}${place}`
  }
  if (problem?.files !== undefined) return `cannot be used: two policy files (${problem.files.join(', ')})`
  return `cannot be used: ${problem?.reason ?? (error instanceof Error ? error.message : String(error))}`
}

/** As much of the errors' data as is said here. */
interface Problem {
  issues?: readonly { key?: string | undefined; problem: string; line?: number | undefined }[]
  files?: readonly string[]
  reason?: string
}

function list(entries: readonly string[]): string {
  const some = entries.slice(0, MOST).join(', ')
  return entries.length > MOST ? `${some} and ${entries.length - MOST} more` : some
}
