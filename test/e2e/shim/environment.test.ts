import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { boxed, callShim, type Layout, makeLayout, program } from './layout.ts'

let layout: Layout
beforeEach(() => {
  layout = makeLayout()
})
afterEach(() => fs.rmSync(layout.root, { recursive: true, force: true }))

const withPolicy = (): void => fs.writeFileSync(path.join(layout.project, '.agentboxrc'), '')

/** The environment of a `claude` started directly, or through the shim. */
function environmentOf(dirs: string[], env: Record<string, string>, cwd = layout.project): object {
  fs.rmSync(path.join(layout.bin, 'claude'))
  fs.symlinkSync(process.execPath, path.join(layout.bin, 'claude'))
  const { stdout } = spawnSync(path.join(dirs[0]!, 'claude'), ['-p', 'JSON.stringify(process.env)'], {
    cwd,
    env: { HOME: layout.home, ...env, PATH: dirs.join(':') },
    encoding: 'utf8',
  })
  const { PATH: _, AGENTBOX_SHIM_DEPTH: __, ...rest } = JSON.parse(stdout) as Record<string, string>
  return rest
}

describe('the environment of the agent', () => {
  it.each<[string, Record<string, string>]>([
    ['an ordinary one', { TERM: 'xterm', LANG: 'C.UTF-8', NODE_OPTIONS: '--no-deprecation' }],
    ['names that a script might use', { name: '1', dir: '2', rest: '3', line: '4', i: '5', d: '6' }],
    ['OLDPWD', { OLDPWD: '/usr' }],
    ['CDPATH and ENV', { CDPATH: '/usr:/', ENV: '/nonexistent' }],
    ['odd values', { A: 'new\nline', B: ' * $HOME `x` ', C: '' }],
  ])('is what it would be without the shim: %s', (_, env) => {
    const full = { PWD: layout.project, ...env }
    expect(environmentOf([layout.shims, layout.bin], full)).toEqual(environmentOf([layout.bin], full))
  })

  it('keeps the PWD of somebody who came through a link', () => {
    fs.symlinkSync(layout.project, path.join(layout.root, 'link'))
    const PWD = path.join(layout.root, 'link')
    expect(environmentOf([layout.shims, layout.bin], { PWD })).toMatchObject({ PWD })
  })
})

const POISON: Record<string, string> = {
  IFS: '/.:abcdefghijklmnopqrstuvwxyz',
  CDPATH: '/:/usr',
  ENV: '/nonexistent/env',
  BASH_ENV: '/nonexistent/env',
  POSIXLY_CORRECT: '1',
  OPTIND: '7',
  ...Object.fromEntries(
    ['[', 'test', 'cd', 'read', 'printf', 'command', 'true'].map((name) => [
      `BASH_FUNC_${name}%%`,
      '() {  echo HIJACKED >&2\n}',
    ]),
  ),
}

describe.each([
  ['dash', ['dash']],
  ['bash', ['bash', '--posix']],
  ['bash as sh', ['bash']],
])('interpreted by %s in a poisoned environment', (name, [shell, ...flags]) => {
  const call = (): { got: string[]; stderr: string } => {
    const found = spawnSync('sh', ['-c', 'command -v "$1"', 'sh', shell!], { encoding: 'utf8' }).stdout.trim()
    const { stdout, stderr } = spawnSync(found, [...flags, path.join(layout.shims, 'claude'), 'a b', '*'], {
      ...(name === 'bash as sh' ? { argv0: 'sh' } : {}),
      cwd: layout.project,
      env: { HOME: layout.home, PATH: `${layout.shims}:${layout.bin}:${layout.nodeBin}`, ...POISON },
      encoding: 'utf8',
    })
    // bash itself complains about function names that only its own posix mode refuses.
    return {
      got: stdout.split('\0').slice(0, -1),
      stderr: stderr.replace(/.*error importing function.*\n/g, ''),
    }
  }

  it('starts the real program without a policy', () => {
    expect(call()).toEqual({ got: ['REAL', 'a b', '*'], stderr: '' })
  })

  it('starts agentbox with one, and nothing without agentbox', () => {
    withPolicy()
    expect(call()).toEqual({ got: boxed(layout, ['a b', '*']), stderr: '' })
    fs.rmSync(path.join(layout.pkg, 'dist/agentbox.cjs'))
    expect(call().got).toEqual([])
  })
})

describe('loops with other tools’ shims end', () => {
  it.each([
    ['that exec', '#!/bin/sh\nexec claude "$@"\n', 8],
    ['that wait', '#!/bin/sh\nclaude "$@"\nexit $?\n', 8],
    ['with a process between', `#!/bin/sh\nsh -c 'claude "$@"; exit $?' sh "$@"\nexit $?\n`, 64],
  ])('%s', (_, text, times) => {
    const count = path.join(layout.root, 'count')
    program(path.join(layout.root, 'other'), 'claude', text.replace('\n', `\necho x >>'${count}'\n`))
    const { got, status, stderr } = callShim(layout, {
      path: [layout.shims, path.join(layout.root, 'other'), layout.bin, '/usr/bin', '/bin'],
    })
    expect([got, status]).toEqual([[], 125])
    expect(stderr).toContain(`${times} shims in a row have called each other`)
    expect(fs.readFileSync(count, 'utf8').length / 2).toBe(times)
  })

  it.each(['9:1', '63:1', '7', 'x', '-1', '1;exit', '08', '999', 'a[$(exit)]', '3:x:y'])(
    'and AGENTBOX_SHIM_DEPTH=%s, from agents within agents or from nowhere, does no harm',
    (AGENTBOX_SHIM_DEPTH) => {
      const { got, stderr } = callShim(layout, { env: { AGENTBOX_SHIM_DEPTH } })
      expect([got, stderr]).toEqual([['REAL'], ''])
    },
  )

  it.each(['8', '64:1'])('and AGENTBOX_SHIM_DEPTH=%s is refused', (AGENTBOX_SHIM_DEPTH) => {
    expect(callShim(layout, { env: { AGENTBOX_SHIM_DEPTH } }).status).toBe(125)
  })
})
