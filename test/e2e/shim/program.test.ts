import fs from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { boxed, callShim, install, type Layout, makeLayout, program, realProgram } from './layout.ts'

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
const withPolicy = (): void => fs.writeFileSync(path.join(layout.project, '.agentboxrc'), '')

describe('the real program', () => {
  it.each(['with space', 'new\nline', '*', '[ab]', '$HOME', '-n', '~', "quote'"])(
    'is found in a directory called %j',
    (name) => {
      const real = realProgram(under(name))
      const PATH = [layout.shims, under(name), layout.nodeBin]
      expect(callShim(layout, { path: PATH }).got).toEqual(['REAL'])
      withPolicy()
      expect(callShim(layout, { path: PATH }).got).toEqual(boxed(layout, [], real))
    },
  )

  it.each(['', '.', 'sub', '-n', '../bin here'])('is found through the relative entry %j', (entry) => {
    const real = realProgram(path.join(layout.project, entry))
    const PATH = [layout.shims, entry, layout.nodeBin]
    expect(callShim(layout, { path: PATH }).got).toEqual(['REAL'])
    withPolicy()
    const found = entry === '' ? real : `${layout.project}/${entry}/claude`
    expect(callShim(layout, { path: PATH }).got).toEqual(boxed(layout, [], found))
  })

  it('is found before a shims directory that comes last', () => {
    withPolicy()
    const { got } = callShim(layout, { path: [layout.bin, layout.shims] })
    expect(got).toEqual(['REAL'])
  })

  it('is the first that can be executed: directories and plain files are passed over', () => {
    makeDir(under('dir/claude'))
    fs.writeFileSync(path.join(makeDir(under('plain')), 'claude'), '#!/bin/sh\n', { mode: 0o644 })
    fs.symlinkSync('/nonexistent', path.join(makeDir(under('dangling')), 'claude'))
    const PATH = [layout.shims, under('dir'), under('plain'), under('dangling'), '/nonexistent', layout.bin]
    expect(callShim(layout, { path: PATH }).got).toEqual(['REAL'])
  })

  it.each([false, true])('is looked for behind every shim of ours (policy: %s)', (policy) => {
    if (policy) withPolicy()
    fs.symlinkSync('shims', under('same by a link'))
    install(under('other package'), under('other shims'))
    fs.copyFileSync(path.join(layout.pkg, 'shell/shim.sh'), program(under('copied'), 'claude', ''))
    fs.linkSync(path.join(layout.pkg, 'shell/shim.sh'), path.join(makeDir(under('linked')), 'claude'))
    const PATH = [
      ...[layout.shims, under('same by a link'), under('other shims'), under('copied'), under('linked')],
      ...[layout.shims, layout.bin, layout.nodeBin],
    ]
    const { got, stderr } = callShim(layout, { path: PATH, args: ['-p', 'x'] })
    expect([got, stderr]).toEqual([policy ? boxed(layout, ['-p', 'x']) : ['REAL', '-p', 'x'], ''])
  })

  it.each([false, true])('may be missing: 127 (policy: %s)', (policy) => {
    if (policy) withPolicy()
    realProgram(layout.project) // here, but neither "" nor "." is in PATH
    const { got, status, stderr } = callShim(layout, { path: [layout.shims, layout.nodeBin] })
    expect([got, status, stderr]).toEqual([[], 127, 'agentbox: claude: command not found\n'])
  })

  it('takes the place of the shim: same process, standard input, death by signal', () => {
    program(
      layout.bin,
      'claude',
      '#!/bin/sh\nread line\nprintf "$line %s\\0" $(($$ - $PARENT))\nkill -TERM $$\n',
    )
    expect(callShim(layout, { script: `exec <<'E'\nin\nE\nPARENT=$$ exec claude` })).toMatchObject({
      got: ['in 0'],
      status: null,
      stderr: '',
    })
  })
})

describe('when agentbox cannot be started, nothing is', () => {
  const refused = (words: string, dirs?: string[]): string => {
    const { got, status, stderr } = callShim(layout, dirs === undefined ? {} : { path: dirs })
    expect([got, status]).toEqual([[], 125])
    expect(stderr).toMatch(/^agentbox: claude was not started: /)
    expect(stderr).toContain(words)
    return stderr
  }
  beforeEach(withPolicy)

  it('its program is gone', () => {
    fs.rmSync(path.join(layout.pkg, 'dist'), { recursive: true })
    const stderr = refused(`agentbox is missing: ${layout.pkg}/dist/agentbox.cjs`)
    expect(stderr).toContain(`rm ${layout.shims}/claude`)
    expect(stderr).toContain(`${layout.project}/.agentboxrc`)
  })

  it('its program is a directory', () => {
    fs.rmSync(path.join(layout.pkg, 'dist/agentbox.cjs'))
    makeDir(path.join(layout.pkg, 'dist/agentbox.cjs'))
    refused('agentbox is missing')
  })

  it('its program cannot be read', () => {
    fs.chmodSync(path.join(layout.pkg, 'dist/agentbox.cjs'), 0)
    const { status, stderr } = callShim(layout, { uid: process.getuid!() === 0 ? 12345 : undefined })
    expect([status, stderr]).toEqual([125, expect.stringContaining('agentbox is missing')])
  })

  it('there is no node', () => {
    refused('no node outside the project', [layout.shims, layout.bin])
    refused('no node outside the project', [layout.shims, layout.bin, '../../node bin', ''])
  })

  it('the only node is the project’s, or is found by a relative entry', () => {
    const evil = makeDir(path.join(layout.project, 'node_modules/.bin'))
    fs.copyFileSync(process.execPath, path.join(evil, 'node'))
    fs.chmodSync(path.join(evil, 'node'), 0o755)
    fs.symlinkSync(evil, under('link out of it'))
    fs.symlinkSync(path.join(evil, 'node'), path.join(makeDir(under('local bin')), 'node'))
    const entries = [
      evil,
      under('link out of it'),
      under('local bin'),
      'node_modules/.bin',
      './node_modules/.bin',
    ]
    refused('no node outside the project', [layout.shims, layout.bin, ...entries])
  })

  it('the only node is that of a project whose name ends in a newline', () => {
    const cwd = makeDir(`${layout.project}\n`)
    fs.writeFileSync(path.join(cwd, '.agentboxrc'), '')
    const evil = makeDir(path.join(cwd, 'bin'))
    fs.copyFileSync('/bin/true', path.join(evil, 'node'))
    fs.chmodSync(path.join(evil, 'node'), 0o755)
    expect(callShim(layout, { cwd, path: [layout.shims, layout.bin, evil] }).status).toBe(125)
  })

  it('the only node is a shim of a version manager, which the project can steer', () => {
    program(under('asdf'), 'node', `#!/bin/sh\nexec '${process.execPath}' "$@"\n`)
    fs.symlinkSync('/bin/sh', path.join(makeDir(under('mise')), 'node'))
    refused('no node outside the project', [layout.shims, layout.bin, under('asdf'), under('mise')])
  })

  it('says nothing of a directory whose name may be terminal escapes', () => {
    const cwd = makeDir(path.join(layout.project, 'x\u001b]0;owned\u0007'))
    fs.writeFileSync(path.join(cwd, '.agentboxrc'), '')
    const { status, stderr } = callShim(layout, { cwd, path: [layout.shims, layout.bin] })
    expect([status, stderr.includes('\u001b')]).toEqual([125, false])
  })
})

describe('the node that runs agentbox', () => {
  const evil = (dir: string): string => {
    program(path.join(layout.project, dir), 'node', '#!/bin/sh\nprintf "EVIL\\0"\n')
    return path.join(layout.project, dir)
  }

  it('is never the project’s, early as that may be in PATH', () => {
    withPolicy()
    const early = [evil('node_modules/.bin'), 'bin', '', '.', evil('bin')]
    const PATH = [layout.shims, ...early, layout.bin, layout.nodeBin]
    expect(callShim(layout, { path: PATH }).got).toEqual(boxed(layout))
  })

  it('is found with nothing of the project’s, whatever that calls its programs', () => {
    withPolicy()
    const tools = [
      'readlink',
      'realpath',
      'dirname',
      'basename',
      'cat',
      'sed',
      'head',
      'env',
      'pwd',
      'test',
      'printf',
    ]
    const touched = under('touched')
    for (const tool of tools)
      program(
        path.join(layout.project, 'bin'),
        tool,
        `#!/bin/sh\n: >'${touched}'\nexec /usr/bin/${tool} "$@"\n`,
      )
    const PATH = [layout.shims, path.join(layout.project, 'bin'), layout.bin, layout.nodeBin]
    expect(callShim(layout, { path: PATH }).got).toEqual(boxed(layout))
    expect(fs.existsSync(touched)).toBe(false)
  })

  it('is not of the repository around the policy either, nor of another policy further out', () => {
    const cwd = makeDir(path.join(layout.project, 'packages/one'))
    fs.writeFileSync(path.join(cwd, '.agentboxrc'), '')
    makeDir(path.join(layout.project, '.git'))
    const real = path.join(makeDir(path.join(layout.project, 'tools')), 'node')
    fs.copyFileSync(process.execPath, real)
    fs.chmodSync(real, 0o755)
    const PATH = [layout.shims, path.dirname(real), layout.bin]
    expect(callShim(layout, { cwd, path: PATH }).status).toBe(125)
    fs.renameSync(path.join(layout.project, '.git'), path.join(layout.project, '.agentboxrc.yml'))
    expect(callShim(layout, { cwd, path: PATH }).status).toBe(125)
    fs.rmdirSync(path.join(layout.project, '.agentboxrc.yml'))
    expect(callShim(layout, { cwd, path: PATH }).got).toEqual(boxed(layout))
  })

  it('is not of the project that the user came through a link from', () => {
    const way = makeDir(under('way/bin'))
    fs.writeFileSync(under('way/.agentboxrc'), '')
    fs.symlinkSync(layout.project, under('way/link'))
    fs.copyFileSync(process.execPath, path.join(way, 'node'))
    fs.chmodSync(path.join(way, 'node'), 0o755)
    const script = `cd '${under('way/link')}' && claude`
    expect(callShim(layout, { script, path: [layout.shims, way, layout.bin] }).status).toBe(125)
    expect(callShim(layout, { script, path: [layout.shims, layout.bin, layout.nodeBin] }).got).toEqual(
      boxed(layout),
    )
  })

  it('may be in a home that is a repository or has a policy itself', () => {
    fs.writeFileSync(path.join(layout.home, '.agentboxrc'), '')
    const bin = makeDir(path.join(layout.home, '.nvm/bin'))
    fs.copyFileSync(process.execPath, path.join(bin, 'node'))
    fs.chmodSync(path.join(bin, 'node'), 0o755)
    const cwd = makeDir(path.join(layout.home, 'notes'))
    expect(callShim(layout, { cwd, path: [layout.shims, layout.bin, bin] }).got).toEqual(boxed(layout))
  })

  it('is the one recorded beside the shims, if there is one', () => {
    withPolicy()
    fs.symlinkSync(process.execPath, path.join(layout.shims, '.node'))
    expect(callShim(layout, { path: [layout.shims, layout.bin] }).got).toEqual(boxed(layout))
    // Also where the shim has no directory in its name.
    fs.writeFileSync(under('.agentboxrc'), '')
    const script = `cd '${layout.shims}' && exec sh claude`
    fs.symlinkSync('/bin/sh', path.join(makeDir(under('tools')), 'sh'))
    fs.rmSync(path.join(layout.project, '.agentboxrc'))
    expect(callShim(layout, { script, path: [layout.shims, layout.bin, under('tools')] }).got).toEqual(
      boxed(layout),
    )
    withPolicy()
    fs.rmSync(path.join(layout.shims, '.node'))
    fs.symlinkSync('/nonexistent/node', path.join(layout.shims, '.node'))
    expect(callShim(layout).got).toEqual(boxed(layout))
  })

  it('does not run what NODE_OPTIONS asks for', () => {
    withPolicy()
    fs.writeFileSync(path.join(layout.project, 'evil.cjs'), 'process.stdout.write("EVIL\\0")')
    expect(callShim(layout, { env: { NODE_OPTIONS: '--require ./evil.cjs' } }).got).toEqual(boxed(layout))
  })
})

describe('with a policy the decision is agentbox’s', () => {
  it.each(['AGENTBOX', 'AGENTBOX_ACTIVE'])('also under %s=1', (name) => {
    withPolicy()
    expect(callShim(layout, { env: { [name]: '1' } }).got).toEqual(boxed(layout))
  })

  it('under AGENTBOX_BYPASS=1 it is asked, and the program takes the place of the shim, or does not', () => {
    const env = { AGENTBOX_BYPASS: '1', NODE_OPTIONS: '--no-deprecation' }
    expect(callShim(layout, { env }).got).toEqual(['REAL'])
    withPolicy()
    const asked = ['BOX', 'off', '--check', '--', 'claude']
    expect(callShim(layout, { env, args: ['a b'] }).got).toEqual([...asked, 'REAL', 'a b'])
    program(layout.bin, 'claude', '#!/bin/sh\nprintf "%s\\0" "$NODE_OPTIONS${AGENTBOX_NODE_OPTIONS+ left}"\n')
    expect(callShim(layout, { env }).got).toEqual([...asked, '--no-deprecation'])
    const refused = callShim(layout, { env: { ...env, AGENT_EXIT: '125' } })
    expect([refused.got, refused.status]).toEqual([asked, 125])
  })

  it.each(['0', '', 'yes'])('AGENTBOX_BYPASS=%s is none', (AGENTBOX_BYPASS) => {
    withPolicy()
    expect(callShim(layout, { env: { AGENTBOX_BYPASS } }).got).toEqual(boxed(layout))
  })
})

describe('AGENTBOX_PROGRAM', () => {
  it('names the program, if it can be the agent, and goes no further', () => {
    const real = realProgram(under('by alias'))
    const elsewhere = program(under('by alias'), 'codex', '')
    const env = (AGENTBOX_PROGRAM: string) => ({
      env: { AGENTBOX_PROGRAM },
      path: [layout.shims, layout.nodeBin],
    })
    expect(callShim(layout, env(real)).got).toEqual(['REAL'])
    withPolicy()
    expect(callShim(layout, env(real)).got).toEqual(boxed(layout, [], real))
    expect(callShim(layout, env(elsewhere)).status).toBe(127)
    const plain = program(under('plain'), 'claude', '')
    fs.chmodSync(plain, 0o644)
    const others = [plain, makeDir(under('dir/claude')), `${layout.shims}/claude`]
    for (const wrong of [elsewhere, 'claude', '/nowhere/claude', ...others])
      expect(callShim(layout, { env: { AGENTBOX_PROGRAM: wrong } }).got).toEqual(boxed(layout))
    fs.rmSync(path.join(layout.project, '.agentboxrc'))
    program(under('by alias'), 'claude', '#!/bin/sh\nprintf "[%s]\\0" "$AGENTBOX_PROGRAM"\n')
    expect(callShim(layout, env(real)).got).toEqual(['[]'])
  })
})

describe('agentbox-wrap', () => {
  const call = (args: string[]) => {
    fs.rmSync(under('wrap'), { recursive: true, force: true })
    fs.symlinkSync(path.join(layout.pkg, 'shell/shim.sh'), path.join(makeDir(under('wrap')), 'agentbox-wrap'))
    const script = `exec '${under('wrap')}/agentbox-wrap' ${args.map((word) => `'${word}'`).join(' ')}`
    return callShim(layout, { script })
  }
  const extension = 'home/.vscode/extensions/anthropic.claude-code-2.1/native-binary'
  const run = (name: string, ...argv: string[]): string[] => ['BOX', 'run', '--as', name, '--', ...argv]

  it('starts the program that it is given, in the box where one is wanted', () => {
    const real = realProgram(under(extension))
    expect(call([real, '-p', 'a b']).got).toEqual(['REAL', '-p', 'a b'])
    withPolicy()
    expect(call([real, '-p', 'a b', '']).got).toEqual(run('claude', real, '-p', 'a b', ''))
  })

  it('knows which agent it is', () => {
    withPolicy()
    for (const [place, name] of [
      [`${extension}/other`, 'claude'],
      ['bin/claude-code-acp', 'claude'],
      ['bin/gemini', 'gemini'],
    ] as const) {
      const real = program(path.dirname(under(place)), path.basename(place), '#!/bin/sh\n')
      expect(call([real]).got).toEqual(run(name, real))
      expect(call(['--as', 'codex', real]).got).toEqual(run('codex', real))
    }
    const node = path.join(layout.nodeBin, 'node')
    expect(call([node, '/x/anthropic.claude-code-2/cli.js']).got).toEqual(
      run('claude', node, '/x/anthropic.claude-code-2/cli.js'),
    )
  })

  it('looks for a name in PATH, past the shims, and sees through a shim', () => {
    withPolicy()
    realProgram(path.join(layout.project, 'tools'))
    for (const given of ['tools/claude', './tools/claude'])
      expect(call([given]).got).toEqual(boxed(layout, [], `${layout.project}/tools/claude`))
    expect(call(['claude', 'x']).got).toEqual(boxed(layout, ['x']))
    expect(call([`${layout.shims}/claude`, 'x']).got).toEqual(boxed(layout, ['x']))
  })

  it('refuses what is not there', () => {
    expect(call(['/nowhere/claude'])).toMatchObject({ got: [], status: 127 })
    for (const args of [[], [''], ['--as', 'claude', '']])
      expect(call(args)).toMatchObject({ got: [], status: 2 })
    expect(call(['--as'])).toMatchObject({ got: [], status: 127 })
    withPolicy()
    expect(call(['/nowhere/claude'])).toMatchObject({ got: [], status: 127 })
  })
})
