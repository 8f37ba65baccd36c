import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { RC_NAMES } from '../../../src/config/find.ts'
import { boxed, callShim, type Layout, makeLayout, type Shell, SHELLS } from './layout.ts'

let layout: Layout
beforeEach(() => {
  layout = makeLayout()
})
afterEach(() => fs.rmSync(layout.root, { recursive: true, force: true }))

const under = (...parts: string[]): string => path.join(layout.root, ...parts)
const makeDir = (dir: string): string => {
  fs.mkdirSync(dir, { recursive: true })
  return dir
}

const withSystem = (): string[] => [layout.shims, layout.bin, layout.nodeBin, '/usr/bin', '/bin']

const HOSTILE = ['a  b', '', '-s', '--', '--help', 'new\nline', '*', '$HOME', '"', "'", '\\', '~']
const shells = Object.keys(SHELLS) as Shell[]

describe.each(shells)('called from %s', (shell) => {
  it('without a policy the real program gets the arguments byte for byte, and its status counts', () => {
    const { got, status, stderr } = callShim(layout, { shell, args: HOSTILE, env: { AGENT_EXIT: '7' } })
    expect([got, status, stderr]).toEqual([['REAL', ...HOSTILE], 7, ''])
  })

  it('with a policy agentbox does', () => {
    fs.writeFileSync(path.join(layout.project, '.agentboxrc'), '')
    const { got, status, stderr } = callShim(layout, { shell, args: HOSTILE, env: { AGENT_EXIT: '9' } })
    expect([got, status, stderr]).toEqual([boxed(layout, HOSTILE), 9, ''])
  })
})

const KINDS: Record<string, (place: string) => void> = {
  file: (place) => fs.writeFileSync(place, ''),
  'dangling link': (place) => fs.symlinkSync('/nonexistent/policy', place),
  'link to itself': (place) => fs.symlinkSync(path.basename(place), place),
  FIFO: (place) => execFileSync('mkfifo', [place]),
  directory: (place) => fs.mkdirSync(place),
  'unreadable file': (place) => fs.writeFileSync(place, '', { mode: 0 }),
}

describe('a policy', () => {
  it.each(RC_NAMES.flatMap((name) => Object.keys(KINDS).map((kind) => [name, kind] as const)))(
    '%s that is a %s counts',
    (name, kind) => {
      KINDS[kind]!(path.join(layout.project, name))
      expect(callShim(layout).got).toEqual(boxed(layout))
    },
  )

  it.each(['.agentboxrc.bak', '.agentboxrc~', 'agentboxrc', '.agentboxrc.d', '.AGENTBOXRC'])(
    'is not called %s',
    (name) => {
      fs.writeFileSync(path.join(layout.project, name), '')
      expect(callShim(layout).got).toEqual(['REAL'])
    },
  )

  it.each(['.', '..', '../..'])('counts in %s', (up) => {
    const cwd = makeDir(path.join(layout.project, 'a'))
    fs.writeFileSync(path.join(cwd, up, '.agentboxrc'), '')
    expect(callShim(layout, { cwd }).got).toEqual(boxed(layout))
  })

  it.each(['with space', 'new\nline', 'ends in newline\n', '*', '[a', '-n', '$(touch x)', '\\', '..a'])(
    'counts from within and above a directory called %j',
    (name) => {
      const outer = makeDir(path.join(layout.project, name))
      const cwd = makeDir(path.join(outer, name))
      expect(callShim(layout, { cwd }).got).toEqual(['REAL'])
      fs.writeFileSync(path.join(outer, '.agentboxrc'), '')
      expect(callShim(layout, { cwd }).got).toEqual(boxed(layout))
    },
  )

  it('counts above a directory whose name is not UTF-8', () => {
    fs.writeFileSync(path.join(layout.project, '.agentboxrc'), '')
    const script = `d=$(printf 'x\\377y'); mkdir "$d" && cd "$d" && claude`
    expect(callShim(layout, { script, path: withSystem() }).got).toEqual(boxed(layout))
  })

  it('counts on the way that the user came, through a link', () => {
    const target = makeDir(under('elsewhere/target'))
    const way = makeDir(under('way'))
    fs.writeFileSync(path.join(way, '.agentboxrc'), '')
    fs.symlinkSync(target, path.join(way, 'link'))
    expect(callShim(layout, { script: `cd '${way}/link' && claude` }).got).toEqual(boxed(layout))
    expect(callShim(layout, { script: `cd '${target}' && claude` }).got).toEqual(['REAL'])
  })

  it('counts above the real directory that a link leads to', () => {
    const target = makeDir(under('elsewhere/target'))
    fs.writeFileSync(under('elsewhere/.agentboxrc'), '')
    fs.symlinkSync(target, path.join(layout.project, 'link'))
    expect(callShim(layout, { script: `cd '${layout.project}/link' && claude` }).got).toEqual(boxed(layout))
  })

  it.each(['/', '/nonexistent', '', 'relative', '/proc/self/cwd', '//', '/tmp/..'])(
    'is not overlooked because PWD says %j',
    (PWD) => {
      fs.writeFileSync(path.join(layout.project, '.agentboxrc'), '')
      const script = 'exec env PWD="$SAID" claude'
      const env = { SAID: PWD }
      expect(callShim(layout, { script, env, path: withSystem() }).got).toEqual(boxed(layout))
    },
  )
})

describe('a directory of which nothing can be said', () => {
  const refused = (script: string): void => {
    const uid = process.getuid!() === 0 ? 12345 : undefined
    const { got, status, stderr } = callShim(layout, { script, uid, path: withSystem() })
    expect([got, status]).toEqual([[], 125])
    expect(stderr).toContain('agentbox: claude was not started: the current directory is gone')
  }
  beforeEach(() => fs.chmodSync(layout.project, 0o777))

  it('deleted', () => refused('mkdir gone && cd gone && rmdir ../gone && claude'))
  it('deleted and made anew', () =>
    refused('mkdir gone && cd gone && rmdir ../gone && mkdir ../gone && claude'))
  it('not searchable', () => refused('mkdir shut && cd shut && chmod 600 . && claude'))
  it('below one that is not searchable', () =>
    refused(
      'mkdir -p up/down && cd up/down && chmod 600 .. && { claude; s=$?; chmod 700 "$OLDPWD/up"; exit $s; }',
    ))
})

describe('always', () => {
  const list = (text: string): void => {
    makeDir(path.join(layout.home, '.local/state/agentbox'))
    fs.writeFileSync(path.join(layout.home, '.local/state/agentbox/always'), text)
  }
  const repository = (dir: string): string => {
    makeDir(path.join(dir, '.git'))
    return makeDir(path.join(dir, 'src'))
  }

  it.each([
    ['the directory above', () => `${under('work')}\n`],
    ['the repository itself', () => `${layout.project}/\n`],
    ['the last line without an end', () => `/nonexistent\n# note\n${under('work')}`],
    ['the root', () => '/\n'],
    ['a link to it', () => `${under('link')}\n`],
  ])('boxes a repository by %s', (_, text) => {
    fs.symlinkSync(under('work'), under('link'))
    // Of a repository around it nobody asks.
    makeDir(under('.git'))
    list(text())
    const cwd = repository(layout.project)
    expect(callShim(layout, { cwd }).got).toEqual(boxed(layout))
  })

  it.each(['file', 'dangling link'])('boxes what has a .git that is a %s, as a linked worktree’s', (kind) => {
    list(`${under('work')}\n`)
    KINDS[kind]!(path.join(layout.project, '.git'))
    expect(callShim(layout).got).toEqual(boxed(layout))
  })

  it('boxes a repository that is reached through a link below the directory', () => {
    repository(under('elsewhere'))
    fs.symlinkSync(under('elsewhere'), path.join(layout.project, 'link'))
    list(`${under('work')}\n`)
    const script = `cd '${layout.project}/link' && claude`
    expect(callShim(layout, { script }).got).toEqual(boxed(layout))
    // And what is none where the link leads, below one that the user came through.
    fs.renameSync(under('elsewhere/.git'), path.join(layout.project, '.git'))
    expect(callShim(layout, { script }).got).toEqual(boxed(layout))
    expect(callShim(layout, { cwd: under('elsewhere') }).got).toEqual(['REAL'])
  })

  it.each([
    ['other directories', () => `${under('workshop')}\n${under('work/proj')}\n`],
    ['relative ones', () => 'work\n.\n\n'],
  ])('does not box for %s', (_, text) => {
    list(text())
    expect(callShim(layout, { cwd: repository(layout.project) }).got).toEqual(['REAL'])
  })

  it('does not box what is no repository, nor for a repository around the directory', () => {
    list(`${layout.project}\n`)
    expect(callShim(layout).got).toEqual(['REAL'])
    makeDir(under('work/.git'))
    expect(callShim(layout).got).toEqual(['REAL'])
  })

  it('is read from XDG_STATE_HOME, unless that is relative', () => {
    list(`${under('work')}\n`)
    const cwd = repository(layout.project)
    expect(callShim(layout, { cwd, env: { XDG_STATE_HOME: under('state') } }).got).toEqual(['REAL'])
    expect(callShim(layout, { cwd, env: { XDG_STATE_HOME: 'state' } }).got).toEqual(boxed(layout))
    makeDir(under('state/agentbox'))
    fs.writeFileSync(under('state/agentbox/always'), `${under('work')}\n`)
    expect(callShim(layout, { cwd, env: { XDG_STATE_HOME: under('state') } }).got).toEqual(boxed(layout))
  })

  it.each([
    ...['FIFO', 'directory', 'dangling link'].map((kind) => [kind, undefined] as const),
    ['unreadable file', process.getuid!() === 0 ? 12345 : undefined] as const,
  ])('refuses in a repository if the list is a %s', (kind, uid) => {
    const place = path.join(makeDir(path.join(layout.home, '.local/state/agentbox')), 'always')
    KINDS[kind]!(place)
    expect(callShim(layout, { uid }).got).toEqual(['REAL'])
    const { got, status, stderr } = callShim(layout, { cwd: repository(layout.project), uid })
    expect([got, status]).toEqual([[], 125])
    expect(stderr).toContain(place)
  })
})
