import { mkdirSync, writeFileSync } from 'node:fs'
import { repositoryAt, verified, type GitRepository } from '../git/repository.ts'
import { fail } from '../errors.ts'
import { fsPath } from '../host/bytes.ts'
import { linkTarget, lstatOf } from '../host/files.ts'
import { ancestorsBetween, isWithin, nameOf, parentOf } from '../host/paths.ts'
import { pathsBehind } from '../masks/chain.ts'
import { endOf, isCircle, placesBehind } from './behind.ts'
import { protectRepository, type GitProtection } from './git.ts'
import { isProtected, protectionOf } from './names.ts'

/** A path that the box mounts read-only although it lies in something writable. */
export interface ProtectedPath {
  path: string
  why: string
  /** The name that leads there through links, if it does. */
  via?: string
}

/** What would be obeyed if it were there. */
export interface AbsentPath extends ProtectedPath {
  runBy: string
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
  /** Symbolic links that decide what is protected or masked: they must not be replaced or removed either. */
  links: string[]
  /** To be made before the box is: some of `readonly` are these. */
  placeholders: Placeholder[]
  /** The git directories, those of worktrees and submodules not among them, that the box may write to. */
  repositories: string[]
  /** What git or another program would obey there, and what is not there: it is moved away where it appears. */
  absent: AbsentPath[]
}

export interface ProtectInput {
  project: string
  repository: GitRepository | undefined
  /** What the scan found under a protected name or `.git`. */
  entries: readonly { path: string; kind: string }[]
  /** What else is read-only where it lies in something writable: parts named by the policy, agentbox itself. */
  readonly: readonly ProtectedPath[]
  /** What is not there and would be obeyed, beside what git would. */
  absent: readonly AbsentPath[]
  /** Granted directories beside the project. */
  grants: readonly { path: string; access: 'ro' | 'rw' }[]
  /**
   * What is masked or hidden. The next launch goes by names and places again, so an agent that moved what is
   * above it (into node_modules, to where no pattern fits) would read it then.
   */
  covered: readonly string[]
  /** What is masked, hidden, read-only or granted because of what is named so, perhaps through links. */
  named: readonly string[]
  /** The user's and the system's git config files. */
  gitSettings: readonly string[]
}

/** Decides what is read-only and pinned. Reads, and creates nothing: that is `makePlaceholders`. */
export function protectPaths(input: ProtectInput): Protection {
  const rootOf = writableRoots(input)
  const git = gitProtections(input, rootOf)
  const placeholders = git.missing.filter(({ path }) => lstatOf(path) === undefined)
  const made = new Set(placeholders.map(({ path }) => path))
  const named = input.entries.flatMap((entry) => namedPath(entry, rootOf))
  const direct = [...named, ...git.paths.map((one) => ({ ...one, runBy: 'git' }))]
  const linked = direct.flatMap((one) => placesBehind(one.path).map((place) => ({ ...one, ...place })))
  const own = [...direct, ...linked].filter(({ path, via }) => via === undefined || isInside(rootOf, path))
  const wanted = [...own, ...input.readonly]
  const readonly = outermost(
    wanted.flatMap((entry) => (made.has(entry.path) ? [entry] : existing(entry, input))),
  )
  const isClosed = (path: string): boolean => readonly.some((one) => isWithin(path, one.path))
  const missing = [
    ...own.filter(({ path }) => !made.has(path) && lstatOf(path) === undefined),
    ...input.absent,
  ]
  const absent = missing.map(({ path, why, runBy }) => ({ path: endOf(path), why, runBy }))
  const ways = [...direct, ...linked].flatMap(({ via }) => via ?? [])
  const links = linksOf(input, rootOf, [...ways, ...missing.map(({ path }) => path)])
  const fixed = [...readonly.map(({ path }) => path), ...links, ...input.covered]
  return {
    readonly,
    pins: pinsFor(fixed, readonly, input, rootOf),
    links: links.filter((path) => !isClosed(path)),
    placeholders,
    repositories: git.repositories,
    absent: absent.filter(({ path }) => rootOf(path) !== undefined && !isClosed(path)),
  }
}

type RootOf = (path: string) => string | undefined

function isInside(rootOf: RootOf, path: string): boolean {
  return ![undefined, path].includes(rootOf(path))
}

/** The innermost place that the box shows and a path is in; undefined where the box may not write. */
function writableRoots({ project, repository, grants }: ProtectInput): RootOf {
  const readonly = new Set(grants.filter(({ access }) => access === 'ro').map(({ path }) => path))
  const own =
    repository?.kind === 'worktree' ? [repository.commonDir].filter((dir) => !isWithin(dir, project)) : []
  const roots = [...grants.map(({ path }) => path), ...own, project]
  return (path) => {
    const around = roots.filter((dir) => isWithin(path, dir))
    const root = around.reduce((best, dir) => (dir.length >= best.length ? dir : best), '')
    const closed = readonly.has(root) && root !== project && !own.includes(root)
    return root === '' || closed ? undefined : root
  }
}

function gitProtections(
  { repository, entries, gitSettings }: ProtectInput,
  rootOf: RootOf,
): GitProtection & { repositories: string[] } {
  const scope = { isInside: (path: string) => isInside(rootOf, path), settings: gitSettings }
  const all: GitProtection[] = []
  const done = new Set<string>()
  const own = verified(repository)
  if (own !== undefined) {
    all.push(protectRepository(own, scope))
    done.add(own.commonDir)
  }
  for (const { path } of entries) {
    if (nameOf(path) !== '.git' && nameOf(path) !== 'HEAD') continue
    const nested = repositoryAt(parentOf(path))
    if (nested === undefined || done.has(nested.commonDir) || rootOf(nested.commonDir) === undefined) continue
    if (nested.kind !== 'bare' && nameOf(path) === 'HEAD') continue
    // A `.git` that leads nowhere: what comes to stand there is a repository that appears.
    if (lstatOf(nested.commonDir)?.isDirectory() !== true) continue
    done.add(nested.commonDir)
    const found = protectRepository(nested, scope)
    // It may be what a test reads: nothing is made in it.
    all.push(nested.kind === 'bare' ? { ...found, missing: [] } : found)
  }
  return {
    paths: all.flatMap((one) => one.paths),
    missing: all.flatMap((one) => one.missing),
    repositories: [...done],
  }
}

function namedPath({ path, kind }: { path: string; kind: string }, rootOf: RootOf): AbsentPath[] {
  if (rootOf(path) === undefined) return []
  const name = nameOf(path)
  // A directory that is no git directory yet becomes one by a file more, with whatever config it has then.
  const isPart = name === '.git' && kind === 'directory' && repositoryAt(parentOf(path)) === undefined
  if (isPart || (name === '.git' && kind === 'file')) return [{ path, why: 'git follows it', runBy: 'git' }]
  if (name === '.git') return []
  const runBy = protectionOf(path, kind === 'symlink')
  if (runBy === undefined) return []
  const why = `${runBy} would run or obey it`
  if (kind !== 'symlink') return [{ path, why, runBy }]
  // The link itself cannot be mounted over; what it leads to can, or is moved away where it appears.
  const end = endOf(path)
  return isInside(rootOf, end) && !isCircle(end) ? [{ path: end, why, runBy, via: path }] : []
}

/**
 * Nothing but a link can be mounted over a link, which the hand in the box does (`session/links.ts`). All of them
 * count that are on the way to what is named.
 */
function linksOf({ entries, named }: ProtectInput, rootOf: RootOf, more: readonly string[]): string[] {
  const protectedLinks = entries.filter(({ path, kind }) => kind === 'symlink' && isProtected(path, true))
  const ways = [...protectedLinks.map(({ path }) => path), ...named, ...more].flatMap(pathsBehind)
  const links = ways.filter((path) => rootOf(path) !== undefined && linkTarget(path) !== undefined)
  return [...new Set(links)].toSorted()
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

/** Not in what is read-only anyway, and not above a place that is granted for reading: a pin would cover that one. */
function pinsFor(
  fixed: readonly string[],
  readonly: readonly ProtectedPath[],
  { grants }: ProtectInput,
  rootOf: RootOf,
): string[] {
  const closed = new Set(readonly.map(({ path }) => path))
  const apart = grants.filter(({ access }) => access === 'ro').map(({ path }) => path)
  const pins = new Set<string>()
  for (const path of fixed) {
    const root = rootOf(path)
    if (root === undefined) continue
    for (const dir of ancestorsBetween(root, path)) {
      if (closed.has(dir)) break
      if (!apart.some((one) => isWithin(one, dir))) pins.add(dir)
    }
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
