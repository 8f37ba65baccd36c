import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { boxed, callShim, type Layout, makeLayout, program, realProgram } from './layout.ts'

let layout: Layout
beforeEach(() => {
  layout = makeLayout()
  fs.rmSync(path.join(layout.bin, 'claude'))
})
afterEach(() => fs.rmSync(layout.root, { recursive: true, force: true }))

const under = (...parts: string[]): string => path.join(layout.root, ...parts)
const link = (target: string, place: string): string => {
  fs.mkdirSync(path.dirname(place), { recursive: true })
  fs.symlinkSync(target, place)
  return place
}
const system = ['/usr/bin', '/bin']

/** How each way of installing an agent looks in PATH: the directories that it adds, and what is found there. */
const LAYOUTS: Record<string, () => { dirs: string[]; found: string }> = {
  npm() {
    realProgram(under('prefix/lib/node_modules/@anthropic-ai/claude-code/bin'))
    const target = '../lib/node_modules/@anthropic-ai/claude-code/bin/claude'
    return { dirs: [under('prefix/bin')], found: link(target, under('prefix/bin/claude')) }
  },
  nvm() {
    realProgram(under('home/.nvm/versions/node/v22.1.0/lib/node_modules/claude'))
    const bin = under('home/.nvm/versions/node/v22.1.0/bin')
    return { dirs: [bin], found: link('../lib/node_modules/claude/claude', `${bin}/claude`) }
  },
  'the native installer'() {
    realProgram(under('home/.local/share/claude/versions'))
    fs.renameSync(
      under('home/.local/share/claude/versions/claude'),
      under('home/.local/share/claude/versions/2.1.3'),
    )
    const found = link(under('home/.local/share/claude/versions/2.1.3'), under('home/.local/bin/claude'))
    return { dirs: [under('home/.local/bin')], found }
  },
  // A link to the tool itself, which looks at the name it was called by.
  volta() {
    realProgram(under('home/.volta/tools'))
    const volta = program(
      under('home/.volta/bin'),
      'volta-shim',
      `#!/bin/sh\nexec '${under('home/.volta/tools')}/'"\${0##*/}" "$@"\n`,
    )
    return { dirs: [under('home/.volta/bin')], found: link(volta, under('home/.volta/bin/claude')) }
  },
  // A script that asks the tool, which looks in PATH behind its own directory, and meets ours if that is there.
  asdf() {
    realProgram(under('home/.asdf/installs/claude/2.1/bin'))
    const shims = under('home/.asdf/shims')
    const find = 'PATH=$(printf %s "$PATH" | tr : "\\n" | grep -v /.asdf/shims | tr "\\n" :)'
    const found = program(
      shims,
      'claude',
      `#!/usr/bin/env bash\n${find}\nPATH=${under('home/.asdf/installs/claude/2.1/bin')}:$PATH\nexec claude "$@"\n`,
    )
    return { dirs: [shims], found }
  },
  // mise puts the installation behind our shims into PATH and calls the plain name: ours again, once.
  'a tool that calls the plain name'() {
    realProgram(under('home/mise/installs/bin'))
    const shims = under('home/mise/shims')
    const found = program(
      shims,
      'claude',
      `#!/bin/sh\nPATH='${layout.shims}:${under('home/mise/installs/bin')}:/usr/bin:/bin'\nexec claude "$@"\n`,
    )
    return { dirs: [shims], found }
  },
}

describe.each(Object.keys(LAYOUTS))('installed by %s', (name) => {
  it('the agent runs where there is no policy, and is what the box gets where there is one', () => {
    const { dirs, found } = LAYOUTS[name]!()
    const PATH = [layout.shims, ...dirs, layout.nodeBin, ...system]
    expect(callShim(layout, { path: PATH, args: ['a b'] })).toMatchObject({
      got: ['REAL', 'a b'],
      stderr: '',
    })
    fs.writeFileSync(path.join(layout.project, '.agentboxrc'), '')
    expect(callShim(layout, { path: PATH, args: ['a b'] }).got).toEqual(boxed(layout, ['a b'], found))
  })

  it('an update between two calls is seen', () => {
    const { dirs, found } = LAYOUTS[name]!()
    const PATH = [layout.shims, ...dirs, layout.nodeBin, ...system]
    expect(callShim(layout, { path: PATH }).got).toEqual(['REAL'])
    fs.rmSync(found)
    program(path.dirname(found), 'claude', '#!/bin/sh\nprintf "NEW\\0"\n')
    expect(callShim(layout, { path: PATH }).got).toEqual(['NEW'])
  })
})

describe('repositories', () => {
  const git = (cwd: string, ...args: string[]): string =>
    execFileSync(
      'git',
      ['-c', 'protocol.file.allow=always', '-c', 'user.name=a', '-c', 'user.email=a@b', ...args],
      { cwd, encoding: 'utf8', stdio: 'pipe' },
    )
  const call = (cwd: string) =>
    callShim(layout, { cwd, path: [layout.shims, layout.bin, layout.nodeBin] }).got
  beforeEach(() => {
    realProgram(layout.bin)
    git(layout.project, 'init', '-q')
    fs.writeFileSync(path.join(layout.project, '.agentboxrc'), 'version: 1\n')
    git(layout.project, 'add', '.agentboxrc')
    git(layout.project, 'commit', '-q', '-m', 'a')
  })

  it('a linked worktree has the policy that it checks out', () => {
    git(layout.project, 'worktree', 'add', '-q', under('tree'))
    expect(call(under('tree'))).toEqual(boxed(layout))
    fs.rmSync(under('tree/.agentboxrc'))
    expect(call(under('tree'))).toEqual(['REAL'])
  })

  it('a submodule is under the policy around it', () => {
    fs.mkdirSync(under('library'))
    git(under('library'), 'init', '-q')
    git(under('library'), 'commit', '-q', '--allow-empty', '-m', 'a')
    git(layout.project, 'submodule', '--quiet', 'add', under('library'), 'lib')
    expect(call(path.join(layout.project, 'lib'))).toEqual(boxed(layout))
  })

  it('a bare repository has none, whatever its commits hold; beside a policy it is under that', () => {
    git(layout.project, 'clone', '-q', '--bare', '.', under('bare.git'))
    expect(call(under('bare.git'))).toEqual(['REAL'])
    git(layout.project, 'clone', '-q', '--bare', '.', path.join(layout.project, 'bare.git'))
    expect(call(path.join(layout.project, 'bare.git/refs'))).toEqual(boxed(layout))
  })
})
