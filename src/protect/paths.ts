import { mkdirSync, writeFileSync } from 'node:fs'
import type { GitRepository } from '../git/repository.ts'
import { repositoryAt } from '../git/repository.ts'
import { fail } from '../errors.ts'
import { fsPath } from '../host/bytes.ts'
import { lstatOf, realpathOf } from '../host/files.ts'
import { ancestorsBetween, isWithin, nameOf, parentOf } from '../host/paths.ts'
import { protectGitDir, protectRepository, type GitProtection } from './git.ts'
import { protectionOf } from './names.ts'

/** A path that the box mounts read-only although it lies in something writable. */
export interface ProtectedPath {
  path: string
  why: string
}

/** Something that may be created inside a git directory because it changes nothing for git. */
export interface Placeholder {
  path: string
  kind: 'directory' | 'file'
  /** Of a file; empty if absent. */
  content?: string
}

export interface Protection {
  /** Read-only, sorted, none inside another; all exist, none is a symlink. */
  readonly: ProtectedPath[]
  /** Ancestors bound onto themselves, so that they cannot be renamed away; outermost first. */
  pins: string[]
  /** To be made before the box is: some of `readonly` are these. */
  placeholders: Placeholder[]
}

export interface ProtectInput {
  project: string
  repository: GitRepository | undefined
  /** What the scan found under a protected name or `.git`. */
  entries: readonly { path: string; kind: string }[]
  /** What else is read-only where it lies in something writable: parts named by the policy, agentbox itself. */
  readonly: readonly ProtectedPath[]
}

/** Decides what is read-only and pinned. Reads, and creates nothing: that is `makePlaceholders`. */
export function protectPaths(input: ProtectInput): Protection {
  const git = gitProtections(input)
  const placeholders = git.missing.filter(({ path }) => lstatOf(path) === undefined)
  const made = new Set(placeholders.map(({ path }) => path))
  const named = input.entries.flatMap((entry) => namedPath(entry, input.project))
  const wanted = [...named, ...git.paths, ...input.readonly]
  const readonly = outermost(
    wanted.flatMap((entry) => (made.has(entry.path) ? [entry] : existing(entry, input))),
  )
  return { readonly, pins: pinsFor(readonly, roots(input)), placeholders }
}

function roots({ project, repository }: ProtectInput): string[] {
  return repository === undefined ? [project] : [project, repository.commonDir]
}

function gitProtections({ project, repository, entries }: ProtectInput): GitProtection {
  const all: GitProtection[] = []
  if (repository !== undefined && repository.kind !== 'unverified')
    all.push(protectRepository(repository, project))
  for (const { path } of entries) {
    if (nameOf(path) !== '.git' && nameOf(path) !== 'HEAD') continue
    const nested = repositoryAt(parentOf(path))
    if (nested === undefined || nested.gitDir === repository?.gitDir) continue
    // It may be what a test reads: nothing is made in it.
    if (nested.kind === 'bare') {
      all.push({ paths: protectGitDir(nested.gitDir, project, undefined).paths, missing: [] })
      continue
    }
    if (nameOf(path) === 'HEAD') continue
    // Git directories outside the project are not in the box; those under .git/modules are done above.
    if (isWithin(nested.commonDir, project))
      all.push(protectGitDir(nested.commonDir, project, nested.workTree))
  }
  return { paths: all.flatMap((one) => one.paths), missing: all.flatMap((one) => one.missing) }
}

function namedPath({ path, kind }: { path: string; kind: string }, project: string): ProtectedPath[] {
  const name = nameOf(path)
  if (name === '.git') return kind === 'file' ? [{ path, why: 'git follows it' }] : []
  const runBy = protectionOf(path, kind === 'symlink')
  if (runBy === undefined) return []
  const why = `${runBy} would run or obey it`
  if (kind !== 'symlink') return [{ path, why }]
  // The link itself cannot be mounted over; what it leads to can.
  const target = realpathOf(path)
  return target !== undefined && target !== project && isWithin(target, project)
    ? [{ path: target, why }]
    : []
}

/** Keeps what exists. In a git directory a symlink in a protected place cannot be closed: refuse. */
function existing(entry: ProtectedPath, input: ProtectInput): ProtectedPath[] {
  const stat = lstatOf(entry.path)
  if (stat === undefined) return []
  if (!stat.isSymbolicLink()) return [entry]
  return fail({
    code: 'project-refused',
    path: input.project,
    reason: `${entry.path} is a symbolic link, which cannot be protected (${entry.why})`,
    hint: 'replace the link by what it points to',
  })
}

function outermost(entries: readonly ProtectedPath[]): ProtectedPath[] {
  const sorted = entries.toSorted((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0))
  const kept: ProtectedPath[] = []
  const seen = new Set<string>()
  for (const entry of sorted) {
    if (seen.has(entry.path) || ancestorsBetween('/', entry.path).some((dir) => seen.has(dir))) continue
    seen.add(entry.path)
    kept.push(entry)
  }
  return kept
}

function pinsFor(readonly: readonly ProtectedPath[], within: readonly string[]): string[] {
  const pins = new Set<string>()
  for (const { path } of readonly) {
    const root = within.find((dir) => isWithin(path, dir))
    if (root !== undefined) for (const dir of ancestorsBetween(root, path)) pins.add(dir)
  }
  return [...pins].toSorted()
}

/** Makes the inert placeholders inside git directories. Fails with `io`. */
export function makePlaceholders(placeholders: readonly Placeholder[]): void {
  for (const placeholder of placeholders) create(placeholder)
}

function create({ path, kind, content = '' }: Placeholder): void {
  try {
    if (kind === 'directory') mkdirSync(fsPath(path))
    else writeFileSync(fsPath(path), content, { flag: 'wx', mode: 0o644 })
  } catch (error) {
    // Another launch was faster.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
      fail({ code: 'io', action: 'create', path, reason: (error as Error).message }, error)
    }
  }
}
