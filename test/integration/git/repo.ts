import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname } from 'node:path'

/** A throw-away repository, with a home of its own around it. */
export interface Repo {
  top: string
  root: string
  env: Record<string, string>
  git(...args: string[]): string
  /** The same in another directory; does not throw. */
  try(
    cwd: string,
    argv: string[],
    env?: Record<string, string>,
  ): { status: number | null; out: string; err: string }
  write(path: string, content: string | Buffer, mode?: number): void
  commit(message: string): string
  remove(): void
}

export function makeRepo(options: { init?: string[] } = {}): Repo {
  const top = realpathSync(mkdtempSync(`${tmpdir()}/agentbox-git-`))
  const root = `${top}/repo`
  mkdirSync(root)
  const env = {
    PATH: process.env['PATH']!,
    HOME: top,
    LC_ALL: 'C',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_AUTHOR_NAME: 'a',
    GIT_AUTHOR_EMAIL: 'a@b',
    GIT_COMMITTER_NAME: 'a',
    GIT_COMMITTER_EMAIL: 'a@b',
  }
  writeFileSync(`${top}/.gitconfig`, '[protocol "file"]\n\tallow = always\n[init]\n\tdefaultBranch = main\n')
  const git = (...args: string[]): string =>
    execFileSync('git', args, { cwd: root, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  git('init', '-q', ...(options.init ?? []))
  return {
    top,
    root,
    env,
    git,
    try(cwd, argv, more = {}) {
      const done = spawnSync(argv[0]!, argv.slice(1), { cwd, env: { ...env, ...more }, encoding: 'utf8' })
      return { status: done.status, out: done.stdout, err: done.stderr }
    },
    write(path, content, mode) {
      mkdirSync(dirname(`${root}/${path}`), { recursive: true })
      writeFileSync(`${root}/${path}`, content)
      if (mode !== undefined) chmodSync(`${root}/${path}`, mode)
    },
    commit(message) {
      git('add', '-A')
      git('commit', '-qm', message, '--allow-empty', '--no-verify')
      return git('rev-parse', 'HEAD').trim()
    },
    remove: () => rmSync(top, { recursive: true, force: true }),
  }
}
