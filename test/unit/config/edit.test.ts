import { describe, expect, it } from 'vitest'
import { addToList, EMPTY_POLICY } from '../../../src/config/edit.ts'

const edited = async (text: string, ...entries: string[]): Promise<string> => {
  const source = { layer: 'repo' as const, file: '.agentboxrc', dir: '/p', bytes: Buffer.from(text) }
  const edit = await addToList(source, ['network', 'allow'], entries)
  return edit.kind === 'edited' ? edit.text : `invalid: ${edit.issues[0]!.problem}`
}

describe('addToList', () => {
  it.each<[string, string, string]>([
    ['an empty policy', EMPTY_POLICY, 'version: 1\nnetwork:\n  allow: [a.example]\n'],
    [
      'a list in one line',
      'version: 1 # one\nnetwork:\n    allow: [b.example] # ours\n',
      'version: 1 # one\nnetwork:\n    allow: [b.example, a.example] # ours\n',
    ],
    [
      'a list in one line, with comments in columns',
      'version: 1\nfilesystem:\n  readonly: [a]   # x\n\n# y\nnetwork:\n  allow: ["@npm"]      # ours\n  # z\n',
      'version: 1\nfilesystem:\n  readonly: [a]   # x\n\n# y\nnetwork:\n  allow: ["@npm", a.example]      # ours\n  # z\n',
    ],
    [
      'a list over two lines',
      'version: 1\nnetwork:\n  allow: [b.example,   # b\n    c.example,   # c\n  ]\n',
      'version: 1\nnetwork:\n  allow: [b.example,   # b\n    c.example, a.example,   # c\n  ]\n',
    ],
    [
      'an empty list',
      'version: 1   # v\nnetwork:\n  allow: [ ]   # none\n',
      'version: 1   # v\nnetwork:\n  allow: [a.example ]   # none\n',
    ],
    [
      'no section, with comments in columns',
      'version: 1      # v\nmasks:\n    show: keys      # k\n# end',
      'version: 1      # v\nmasks:\n    show: keys      # k\n# end\nnetwork:\n    allow: [a.example]\n',
    ],
    [
      'a list in lines',
      '# top\nversion: 1\n\nnetwork:\n  # why\n  allow:\n    - b.example # b\n  mode: allow\n',
      '# top\nversion: 1\n\nnetwork:\n  # why\n  allow:\n    - b.example # b\n    - a.example\n  mode: allow\n',
    ],
    [
      'a list in lines, with comments in columns',
      'version: 1\nnetwork:\n  mode: allow    # listed\n  allow:         # grants\n  -   "@npm"     # us\n\n# env:\n',
      'version: 1\nnetwork:\n  mode: allow    # listed\n  allow:         # grants\n  -   "@npm"     # us\n  -   a.example\n\n# env:\n',
    ],
    [
      'no list, with comments in columns',
      'version: 1\nnetwork:          # ours\n  mode: allow     # listed',
      'version: 1\nnetwork:          # ours\n  mode: allow     # listed\n  allow: [a.example]\n',
    ],
    [
      'a list that has it',
      'version: 1\nnetwork:\n  allow:   # x\n    - A.example   # y\n',
      'version: 1\nnetwork:\n  allow:   # x\n    - A.example   # y\n',
    ],
    [
      'a section in one line',
      'version: 1\nnetwork: {mode: allow}\n',
      'version: 1\nnetwork: {mode: allow, allow: [a.example]}\n',
    ],
    [
      'JSON',
      '{"version": 1, "network": {"allow": ["b.example"]}}',
      '{"version": 1, "network": {"allow": ["b.example", "a.example"]}}\n',
    ],
    ['JSON without a section', '{"version": 1}', '{"version": 1, "network": {"allow": ["a.example"]}}\n'],
    ['what is invalid', 'version: 1\nnetwrok: {}\n', 'invalid: unknown key "netwrok"'],
  ])('%s', async (_name, text, wanted) => expect(await edited(text, 'a.example')).toBe(wanted))

  it('quotes what YAML would take for something else', async () => {
    expect(await edited(EMPTY_POLICY, '@npm', '*.a.example', 'a.example:22')).toBe(
      'version: 1\nnetwork:\n  allow: ["@npm", "*.a.example", "a.example:22"]\n',
    )
    expect(
      await edited('version: 1\nnetwork:\n  allow:   # x\n    - b.example\n', '@npm', 'a.example:22'),
    ).toBe('version: 1\nnetwork:\n  allow:   # x\n    - b.example\n    - "@npm"\n    - "a.example:22"\n')
  })
})
