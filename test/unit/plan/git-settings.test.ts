import { expect, it } from 'vitest'
import { gitAttributes, gitSettings } from '../../../src/plan/git-settings.ts'

it('a name is one value, whatever is in it', () => {
  const lines = gitSettings({ name: 'A\n[core]\n\tsshCommand = evil', email: 'b"\\\0c' }, false).split('\n')
  expect(lines).toContain('\tname = "A [core] \tsshCommand = evil"')
  expect(lines).toContain('\temail = "b\\"\\\\ c"')
})

it('other worktrees are left alone, and masked files keep what was committed', () => {
  const lines = gitSettings({}, false).split('\n')
  expect(lines).toContain('\tattributesFile = /run/agentbox/gitattributes')
  for (const name of ['reflogExpire', 'reflogExpireUnreachable', 'worktreePruneExpire'])
    expect(lines).toContain(`\t${name} = never`)
})

it('the filter is on a masked file only, by its very name', () => {
  const mask = (path: string, entry: 'file' | 'directory') => ({
    ...{ path, entry, look: { kind: 'empty' as const } },
    reason: { pattern: 'x', origin: { layer: 'built-in' as const }, by: 'name' as const },
  })
  const masks = [mask('/p/a*[b]?".env', 'file'), mask('/p/secrets', 'directory'), mask('/q/.env', 'file')]
  expect(gitAttributes(masks, '/p')).toBe(String.raw`"/a\\*\\[b]\\?\".env" filter=agentbox-mask` + '\n')
})
