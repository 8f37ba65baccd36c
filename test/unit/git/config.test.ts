import { describe, expect, it } from 'vitest'
import { lastValue, parseGitConfig } from '../../../src/git/config.ts'

describe('parseGitConfig', () => {
  it.each([
    ['[core]\n\thooksPath = .githooks\n', 'core', 'hookspath', '.githooks'],
    ['[Core] HooksPath=.githooks', 'core', 'hookspath', '.githooks'],
    ['[core]\nhooksPath = "a b" # note\n', 'core', 'hookspath', 'a b'],
    ['[core]\nhooksPath = a b ; note\n', 'core', 'hookspath', 'a b'],
    ['[core]\nhooksPath = a\\\nb\n', 'core', 'hookspath', 'ab'],
    ['[core]\r\nhooksPath = x\r\n', 'core', 'hookspath', 'x'],
    ['[core]\nhooksPath = "a\\"b\\\\c"\n', 'core', 'hookspath', 'a"b\\c'],
    ['[includeIf "gitdir:~/w/"]\npath = ../evil\n', 'includeif.gitdir:~/w/', 'path', '../evil'],
    ['[extensions]\nworktreeConfig\n', 'extensions', 'worktreeconfig', 'true'],
    ['[core]\nhooksPath = one\n[user]\nname=x\n[core]\nhooksPath = two\n', 'core', 'hookspath', 'two'],
    ['[user]\nname = " spaced "\n', 'user', 'name', ' spaced '],
  ])('%j', (text, section, key, value) => {
    expect(lastValue(parseGitConfig(text), section, key)).toBe(value)
  })

  it.each(['# [core] hooksPath = x', '; hooksPath = x', '', '[core', '\0\0'])('nothing in %j', (text) => {
    expect(parseGitConfig(text)).toEqual([])
  })
})
