import { chownSync, linkSync, lchownSync, symlinkSync } from 'node:fs'
import { fromBytes } from '../../src/host/bytes.ts'
import type { TestHome } from '../support/home.ts'
import { idOf } from '../support/who.ts'
import { maskedFiles, type Place, type Secrets } from './secrets.ts'

/** Names of files: any bytes, or, for a sandbox that cannot start where there are others, ASCII. */
export type Names = 'any' | 'ascii'
export type Layout = 'plain' | 'worktree' | 'submodule'

export interface TestProject {
  layout: Layout
  /** What the box shows writable. */
  root: string
  /** The agent's working directory, where the secrets are: the root, or the submodule in it. */
  place: string
  /** Objects, hooks, config of the work tree at `place`. */
  commonDir: string
  /** Every git directory inside the box that has a config. */
  gitDirs: string[]
  places: Place[]
  /** What nobody may change from inside. */
  protected: string[]
}

const RC = `version: 1
masks:
  patterns: ["*.tfvars"]
filesystem:
  hide: [infra/prod/]
  readonly: [docs/]
`

/** Everything in it is ignored but for the sources, so that git has nothing to say about the secrets. */
const IGNORE = '/*\n!/src/\n!/.gitignore\n'

/** Committed files that run or steer something later. */
const STEERING: Record<string, string> = {
  '.agentboxrc': RC,
  '.mcp.json': '{"mcpServers":{}}\n',
  '.claude/settings.json': '{}\n',
  '.claude/commands/check.md': 'check\n',
  '.vscode/tasks.json': '{}\n',
  '.npmrc': 'fund=false\n',
  '.husky/pre-push': 'true\n',
  'lefthook.yml': '{}\n',
  '.tool-versions': 'nodejs system\n',
  'githooks/README': 'hooks of the team\n',
  'team.gitconfig': '[alias]\n\tst = status\n',
  'docs/guide.md': 'guide\n',
}

/** A repository of the given kind with secrets, steering files and a nested repository. */
export async function makeProject(
  home: TestHome,
  layout: Layout,
  secrets: Secrets,
  names: Names,
): Promise<TestProject> {
  const { root, place, commonDir } = await makeLayout(home, layout)
  const git = gitIn(home, place)
  for (const [name, content] of Object.entries(STEERING)) home.write(`${place}/${name}`, content)
  home.write(`${place}/.gitignore`, IGNORE)
  home.write(`${place}/src/main.js`, 'console.log("shop")\n')
  home.write(`${place}/package.json`, '{"name":"shop","scripts":{"start":"node src/main.js"}}\n')
  await git('add', '-f', '.')
  await git('commit', '-qm', 'begin')
  if (layout === 'submodule') await gitIn(home, root)('commit', '-qam', 'shop')
  if (layout === 'plain') {
    await git('config', 'core.hooksPath', 'githooks')
    await git('config', 'include.path', '../team.gitconfig')
  }
  home.write(`${commonDir}/info/attributes`, '# none\n')
  const places = plantSecrets(home, place, secrets, names)
  await makeNested(home, place)
  const gitDirs = [
    ...new Set([commonDir, `${place}/nested/.git`, ...(layout === 'submodule' ? [`${root}/.git`] : [])]),
  ]
  return {
    layout,
    root,
    place,
    commonDir,
    gitDirs,
    places,
    protected: protectedPaths(layout, root, place, commonDir),
  }
}

const gitIn =
  (home: TestHome, cwd: string) =>
  (...args: string[]): Promise<string> =>
    home.must(['git', '-c', 'protocol.file.allow=always', ...args], { cwd })

async function makeLayout(
  home: TestHome,
  layout: Layout,
): Promise<Pick<TestProject, 'root' | 'place' | 'commonDir'>> {
  const shop = `${home.home}/work/shop`
  if (layout === 'plain') {
    await makeRepository(home, shop)
    return { root: shop, place: shop, commonDir: `${shop}/.git` }
  }
  if (layout === 'worktree') {
    const first = `${home.home}/work/shop-main`
    await makeRepository(home, first)
    await gitIn(home, first)('worktree', 'add', '-q', '-b', 'feature', shop)
    return { root: shop, place: shop, commonDir: `${first}/.git` }
  }
  const upstream = `${home.home}/upstream`
  await makeRepository(home, upstream)
  await makeRepository(home, shop)
  await gitIn(home, shop)('submodule', '--quiet', 'add', upstream, 'shop')
  await gitIn(home, shop)('commit', '-qm', 'with a submodule')
  return { root: shop, place: `${shop}/shop`, commonDir: `${shop}/.git/modules/shop` }
}

async function makeRepository(home: TestHome, path: string): Promise<void> {
  home.dir(path)
  const git = gitIn(home, path)
  await git('init', '-q', '-b', 'main')
  await git('commit', '-q', '--allow-empty', '-m', 'first')
}

/** An untracked repository in the project, of which git inside knows nothing. */
async function makeNested(home: TestHome, place: string): Promise<void> {
  await makeRepository(home, `${place}/nested`)
  home.write(`${place}/nested/.git/hooks/pre-commit`, '#!/bin/sh\n', 0o755)
}

function plantSecrets(home: TestHome, place: string, secrets: Secrets, names: Names): Place[] {
  const places: Place[] = []
  const masked = (name: string, path: string): void =>
    void places.push({ name: `project:${name}`, path: `${place}/${path}`, how: 'read' })
  for (const path of maskedFiles) {
    if (names === 'ascii' && !/^[ -~]+$/.test(path)) continue
    home.write(toPath(`${place}/${path}`), `# settings\nTOKEN=${secrets.make(path)}\n`, 0o600)
    masked(JSON.stringify(path).replaceAll(' ', '_'), path)
  }
  home.write(`${place}/.envrc`, `export TOKEN=${secrets.make('envrc')}\n`)
  masked('.envrc', '.envrc')
  for (const path of ['svc/.env', 'infra/prod']) {
    places.push({ name: `directory:${path}`, path: `${place}/${path}`, how: 'empty' })
  }
  plantLinks(home, place, secrets, masked)
  return places
}

function plantLinks(
  home: TestHome,
  place: string,
  secrets: Secrets,
  masked: (name: string, path: string) => void,
): void {
  const id = idOf(home.who)
  const link = (target: string, path: string): void => {
    symlinkSync(target, `${place}/${path}`)
    lchownSync(`${place}/${path}`, id, id)
  }
  linkSync(`${place}/.env`, `${place}/innocent.txt`)
  linkSync(`${place}/svc/.env/prod`, `${place}/src-of-prod.txt`)
  link('.env', 'innocent-link')
  link('conf.d', 'cfg')
  link('nowhere', '.env.dangling')
  link('.env.loop', '.env.loop')
  home.write(`${place}/real-settings.txt`, `TOKEN=${secrets.make('real-settings')}\n`)
  link('real-settings.txt', '.env.production')
  masked('hard-link', 'innocent.txt')
  masked('hard-link-into-directory', 'src-of-prod.txt')
  masked('symlink', 'innocent-link')
  masked('symlink-target', 'real-settings.txt')
  masked('symlink-with-secret-name', '.env.production')
  masked('symlinked-parent', 'cfg/.env')
  chownSync(place, id, id)
}

/** In lists names are latin1, so that a byte is a character; for the file system they are bytes. */
function toPath(latin1: string): string {
  return fromBytes(Buffer.from(latin1, 'latin1'))
}

function protectedPaths(layout: Layout, root: string, place: string, commonDir: string): string[] {
  const steering =
    '.agentboxrc .mcp.json .claude .vscode .npmrc .husky lefthook.yml .tool-versions docs .envrc'
  const git = [commonDir, `${place}/nested/.git`].flatMap((dir) => [`${dir}/hooks`, `${dir}/config`])
  const named = steering.split(' ').map((name) => `${place}/${name}`)
  const own: Record<Layout, string[]> = {
    plain: [`${place}/githooks`, `${place}/team.gitconfig`, `${commonDir}/info/attributes`],
    worktree: [
      `${place}/.git`,
      `${commonDir}/info/attributes`,
      ...['commondir', 'gitdir'].map((name) => `${commonDir}/worktrees/shop/${name}`),
    ],
    submodule: [
      `${commonDir}/info/attributes`,
      `${place}/.git`,
      `${root}/.gitmodules`,
      `${root}/.git/hooks`,
      `${root}/.git/config`,
    ],
  }
  return [...named, ...git, ...own[layout]]
}
