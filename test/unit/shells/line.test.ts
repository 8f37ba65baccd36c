import { describe, expect, it } from 'vitest'
import { bash } from '../../../src/shells/bash.ts'
import { fish } from '../../../src/shells/fish.ts'
import { activationLine, withLine, withoutLine } from '../../../src/shells/line.ts'
import { zsh } from '../../../src/shells/zsh.ts'

const LINE = activationLine('/h/.local/share/agentbox/activate.bash', '/h', false)

describe('a start file', () => {
  it.each([
    [undefined, `${LINE}\n`],
    ['', LINE],
    ['\n', `\n${LINE}\n`],
    ['a', `a\n${LINE}`],
    ['a\n', `a\n${LINE}\n`],
    ['a\r\n\r\n', `a\r\n\r\n${LINE}\n`],
    ['a\n\n\n', `a\n\n\n${LINE}\n`],
  ])('%j has the line at its end, once, and is restored byte for byte', (before, after) => {
    expect(withLine(before, LINE)).toBe(after)
    expect(withLine(after, LINE)).toBe(after)
    expect(withoutLine(after)).toBe(before)
  })

  it('keeps what was written behind the line, or around an older form of it', () => {
    expect(withoutLine(`a\n${LINE}\nb\n`)).toBe('a\nb\n')
    expect(withLine('a\n. /old/place # agentbox activate\nb\n', LINE)).toBe(`a\nb\n${LINE}\n`)
    expect(withoutLine('# about agentbox activate\n')).toBe('# about agentbox activate\n')
  })
})

describe('the line', () => {
  it.each([
    ['/h/.local/share/agentbox/a.sh', '"$HOME/.local/share/agentbox/a.sh"'],
    ['/data/agentbox/a.sh', "'/data/agentbox/a.sh'"],
    ["/h/it's $(x)/a.sh", String.raw`'/h/it'\''s $(x)/a.sh'`],
  ])('names %s as %s', (script, word) => {
    expect(activationLine(script, '/h', false)).toContain(`. ${word};`)
  })
})

describe('start files', () => {
  const place = (env: NodeJS.ProcessEnv = {}, files: string[] = []) => ({
    home: '/h',
    env,
    exists: (path: string) => files.includes(path),
  })
  it.each([
    ['no files', bash, place(), ['/h/.profile', '/h/.bashrc']],
    ['.profile', bash, place({}, ['/h/.profile']), ['/h/.profile', '/h/.bashrc']],
    ['.bash_login', bash, place({}, ['/h/.bash_login', '/h/.profile']), ['/h/.bash_login', '/h/.bashrc']],
    ['all', bash, place({}, ['/h/.bash_login', '/h/.bash_profile']), ['/h/.bash_profile', '/h/.bashrc']],
    ['zsh', zsh, place(), ['/h/.zshenv', '/h/.zprofile', '/h/.zshrc']],
    ['ZDOTDIR', zsh, place({ ZDOTDIR: '/z' }), ['/z/.zshenv', '/z/.zprofile', '/z/.zshrc']],
    ['fish', fish, place(), ['/h/.config/fish/config.fish']],
    ['XDG', fish, place({ XDG_CONFIG_HOME: '/x' }), ['/x/fish/config.fish']],
  ])('of %s', (_, shell, where, paths) => {
    expect(shell.startFiles(where).map(({ path }) => path)).toEqual(paths)
  })

  it('that any POSIX shell reads get the POSIX script', () => {
    const scripts = (shell: typeof bash) => shell.startFiles(place()).map(({ script }) => script)
    expect(scripts(bash)).toEqual(['activate.sh', 'activate.bash'])
    expect(scripts(zsh)).toEqual(['activate.sh', 'activate.sh', 'activate.zsh'])
  })
})
