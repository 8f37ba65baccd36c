import { describe, expect, it } from 'vitest'
import { codex } from '../../../src/policy/agents/codex.ts'
import { overlay } from '../../../src/policy/agents/overlay.ts'

const path = '/etc/codex/managed_config.toml'
const laid = (text: string | undefined) => overlay(codex, (asked) => (asked === path ? text : undefined))

describe('a file of the box where the administrator has one', () => {
  it('is as it was where there is none', () => expect(laid(undefined)).toBe(codex))

  it.each([
    ['', ''],
    ['model = "a"\n', 'model = "a"\n'],
    ['sandbox_mode = "read-only"\nmodel = "a"\n', 'model = "a"\n'],
    ['model = "a"\n  "sandbox_mode"="read-only" # why\n', 'model = "a"\n'],
    ["'sandbox_mode' = 'read-only'\r\nmodel = 'a'\r\n", "model = 'a'\n"],
    ['\u{FEFF}sandbox_mode = "read-only"\n', ''],
    ['# sandbox_mode = "x"\n', '# sandbox_mode = "x"\n'],
    ['sandbox_mode_of = "x"\n', 'sandbox_mode_of = "x"\n'],
    ['[mine]\nsandbox_mode = "kept"\n', '[mine]\nsandbox_mode = "kept"\n'],
    ['sandbox_mode = "gone"\n  [[mine]]\nsandbox_mode = "kept"\n', '  [[mine]]\nsandbox_mode = "kept"\n'],
  ])('%j keeps what the box does not need otherwise', (text, kept) => {
    const { managed, overlaid } = laid(text)
    expect(managed).toEqual({ [path]: `sandbox_mode = "danger-full-access"\n${kept}` })
    expect(overlaid).toEqual([path])
  })
})
