import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AgentboxError } from '../../../src/errors.ts'
import { findExecutable } from '../../../src/host/executables.ts'
import { programFiles, programLinks } from '../../../src/plan/program.ts'

let home: string

function program(path: string, text = '#!/bin/sh\n', mode = 0o755): void {
  mkdirSync(`${home}/${path}`.replace(/\/[^/]*$/, ''), { recursive: true })
  writeFileSync(`${home}/${path}`, text)
  chmodSync(`${home}/${path}`, mode)
}

function problemOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    return (error as AgentboxError).problem.code
  }
  return 'none'
}

beforeAll(() => {
  home = realpathSync(mkdtempSync(`${tmpdir()}/agentbox-exe-`))
  program('shims/claude', '#!/bin/sh\n# agentbox-shim-v1\n')
  program('lib/node_modules/@x/cli/bin/claude.js', '#!/usr/bin/env node\n')
  mkdirSync(`${home}/bin`)
  symlinkSync('../lib/node_modules/@x/cli/bin/claude.js', `${home}/bin/claude`)
  program('apps/node/bin/node', 'binary')
  symlinkSync('../apps/node/bin/node', `${home}/bin/node`)
  program('venv/bin/aider', `#!${home}/venv/bin/python\n`)
  program('pythons/3/bin/python', 'binary')
  symlinkSync(`${home}/pythons/3/bin/python`, `${home}/venv/bin/python`)
  program('plain/notes', 'x', 0o644)
  mkdirSync(`${home}/plain/dir`)
})
afterAll(() => rmSync(home, { recursive: true, force: true }))

describe('findExecutable', () => {
  const path = (): string => ['shims', 'bin'].map((dir) => `${home}/${dir}`).join(':')

  it('passes over shims and resolves links', () => {
    expect(findExecutable('claude', path(), '/')).toMatchObject({
      name: 'claude',
      found: `${home}/bin/claude`,
      real: `${home}/lib/node_modules/@x/cli/bin/claude.js`,
      interpreter: { name: 'node', found: `${home}/bin/node`, real: `${home}/apps/node/bin/node` },
    })
  })

  it.each([
    ['nothing', 'command-not-found'],
    ['', 'command-not-found'],
    ['./nothing', 'command-not-found'],
    ['./plain/notes', 'command-not-runnable'],
    ['./plain/dir', 'command-not-runnable'],
  ])('%j: %s', (name, code) => expect(problemOf(() => findExecutable(name, path(), home))).toBe(code))

  it('shows the packages around a script, and its interpreter', () => {
    const found = findExecutable('claude', path(), '/')
    const files = [`${home}/lib/node_modules`, `${home}/bin/node`, `${home}/apps/node`]
    expect(programFiles(found, ['/usr'], '/home/u')).toEqual(expect.arrayContaining([files[0], files[2]]))
    expect(programLinks(found, ['/usr'], '')).toEqual([
      ['claude', found.real],
      ['node', `${home}/apps/node/bin/node`],
    ])
  })

  it('shows a virtual environment and what it is made from', () => {
    const found = findExecutable(`${home}/venv/bin/aider`, '', '/')
    expect(programFiles(found, ['/usr'], '/home/u')).toEqual(
      expect.arrayContaining([`${home}/venv`, `${home}/pythons/3`]),
    )
  })

  it('never shows the home for the sake of an interpreter in ~/bin', () => {
    const found = findExecutable('claude', path(), '/')
    expect(programFiles(found, ['/usr'], home)).not.toContain(home)
  })

  it('needs nothing for a program that is shown', () => {
    const found = findExecutable('sh', '/usr/bin:/bin', '/')
    expect(programFiles(found, ['/usr', '/bin'], '/home/u')).toEqual([])
    expect(programLinks(found, ['/usr', '/bin'], '/usr/bin:/bin')).toEqual([])
  })
})
