import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { changedRepositories } from '../../../src/session/unwatched.ts'
import { eventually } from '../../support/spawn.ts'

describe('changedRepositories', () => {
  let dir: string
  const init = (path: string, ...options: string[]): void => {
    execFileSync('git', ['init', '-q', ...options, `${dir}/${path}`], {
      env: { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' },
    })
  }
  const found = (since: number, most = 1000) => {
    const { found: paths, left } = changedRepositories([dir], since, most)
    return { found: paths.map((path) => path.slice(dir.length + 1)).toSorted(), left }
  }
  /** A moment that all that has been made lies before: the clock of files is a coarse one. */
  const now = async (): Promise<number> => {
    const moment = Date.now() + 30
    await eventually(() => Date.now() > moment + 30)
    return moment
  }

  beforeEach(() => {
    dir = `${mkdtempSync(`${tmpdir()}/agentbox-unwatched-`)}/node_modules`
    mkdirSync(`${dir}/plain/objects`, { recursive: true })
    init('whole')
    init('bare', '--bare')
  })
  afterEach(() => rmSync(dir.slice(0, dir.lastIndexOf('/')), { recursive: true }))

  it('finds what git takes for a repository, and none of it when it is older', async () => {
    expect(found(0)).toEqual({ found: ['bare/HEAD', 'whole/.git'], left: false })
    expect(found(await now())).toEqual({ found: [], left: false })
  })

  it.each<[string, (path: string) => void, string[]]>([
    ['its config', () => appendFileSync(`${dir}/bare/config`, '\n'), ['bare/HEAD']],
    [
      'its config, written as if long ago',
      () => (appendFileSync(`${dir}/bare/config`, '\n'), utimesSync(`${dir}/bare/config`, 0, 0)),
      ['bare/HEAD'],
    ],
    ['its hooks', () => writeFileSync(`${dir}/bare/hooks/post-checkout`, ''), ['bare/HEAD']],
    [
      'what an old hook does',
      () => appendFileSync(`${dir}/whole/.git/hooks/pre-push.sample`, '\n'),
      ['whole/.git'],
    ],
    [
      'where the rest of it is',
      () => writeFileSync(`${dir}/whole/.git/commondir`, '../..\n'),
      ['whole/.git'],
    ],
    ['a file for a .git', () => writeFileSync(`${dir}/plain/.git`, 'gitdir: ../../x\n'), ['plain/.git']],
    ['a link for a .git', () => symlinkSync('../bare', `${dir}/plain/.git`), ['plain/.git']],
    ['what git does every day', () => writeFileSync(`${dir}/whole/.git/index`, ''), []],
  ])('by %s', async (_what, change, paths) => {
    const since = await now()
    change(dir)
    expect(found(since).found).toEqual(paths)
  })

  it('looks into so many directories, the upper ones first, and says that there are more', () => {
    init('plain/objects/deep')
    expect(found(0, 4)).toEqual({ found: ['bare/HEAD', 'whole/.git'], left: true })
    const all = ['bare/HEAD', 'plain/objects/deep/.git', 'whole/.git']
    expect(found(0)).toEqual({ found: all, left: false })
  })

  it("enters git's own directory, but for what else is looked after there", () => {
    init('whole/.git/x', '--bare')
    init('whole/.git/modules/y', '--bare')
    const own = changedRepositories([`${dir}/whole/.git`], 0, 1000)
    expect(own.found).toEqual([`${dir}/whole/.git/x/HEAD`])
  })
})
