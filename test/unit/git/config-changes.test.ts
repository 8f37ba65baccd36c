import { describe, expect, it } from 'vitest'
import { judgeChanges } from '../../../src/git/config-changes.ts'
import { parseGitConfig } from '../../../src/git/config.ts'

const BASE =
  '[core]\n\tbare = false\n[remote "origin"]\n\turl = x\n[branch "main"]\n\tremote = origin\n\tmerge = refs/heads/main\n'
const judge = (after: string, now = BASE) =>
  judgeChanges(parseGitConfig(BASE), parseGitConfig(after), parseGitConfig(now))
const added = (text: string) => judge(`${BASE}${text}`)
const branch = (line: string): string => `[branch "feat/x"]\n\t${line}\n`

describe('judgeChanges', () => {
  it('sees nothing where nothing changed, nor where the repository has the same meanwhile', () => {
    expect(judge(BASE)).toEqual({ taken: [], dropped: [], refused: [] })
    expect(judge(BASE + branch('remote = origin'), BASE + branch('remote = origin')).taken).toEqual([])
  })

  it.each([
    ['remote = origin', 'branch.feat/x.remote', 'origin'],
    ['remote = .', 'branch.feat/x.remote', '.'],
    ['pushRemote = origin', 'branch.feat/x.pushremote', 'origin'],
    ['merge = refs/heads/feat/x', 'branch.feat/x.merge', 'refs/heads/feat/x'],
    ['rebase = true', 'branch.feat/x.rebase', 'true'],
    ['description = "what it does\\nand why"', 'branch.feat/x.description', 'what it does\nand why'],
  ])('takes over of a new branch: %s', (line, key, value) => {
    expect(added(branch(line))).toEqual({ taken: [{ key, value }], dropped: [], refused: [] })
  })

  it.each([
    ['[core]\n\tsparseCheckout = true\n', 'core.sparsecheckout', 'true'],
    ['[index]\n\tsparse = false\n', 'index.sparse', 'false'],
    ['[extensions]\n\tworktreeConfig = true\n', 'extensions.worktreeconfig', 'true'],
  ])('takes over what a sparse checkout sets, also where it was set: %j', (text, key, value) => {
    const expected = { taken: [{ key, value }], dropped: [], refused: [] }
    expect(added(text)).toEqual(expected)
    expect(judge(BASE + text, BASE + text.replace(/true|false/, 'x'))).toEqual(expected)
  })

  it('takes over what git lfs sets', () => {
    expect(added('[lfs]\n\trepositoryformatversion = 0\n').taken).toHaveLength(1)
  })

  it('names what is gone, and of what has another value only that', () => {
    expect(judge(BASE.replace('\tbare = false\n', '')).refused).toEqual(['core.bare (removed)'])
    expect(judge(BASE.replace('url = x', 'url = y')).refused).toEqual(['remote.origin.url=y'])
    expect(judge(BASE.replace('bare = false', 'filemode = false')).refused).toEqual([
      'core.filemode=false',
      'core.bare (removed)',
    ])
  })

  it.each([
    ['a switch that is none', '[core]\n\tsparseCheckout = !evil\n'],
    ['an unknown format', '[core]\n\trepositoryFormatVersion = 99\n'],
    ['another extension', '[extensions]\n\tpartialClone = origin\n'],
    ['an address as remote', branch('remote = https://evil.example/x')],
    ['a remote that is not there', branch('remote = fork')],
    ['an option as remote', branch('remote = --upload-pack=evil')],
    ['a merge that is no branch', branch('merge = refs/tags/x')],
    ['a merge that climbs', branch('merge = refs/heads/../x')],
    ['a merge that only looks like a branch', branch('merge = feat/x')],
    ['another remote branch for a branch that has one', '[branch "main"]\n\tmerge = refs/heads/evil\n'],
    ['another format of something else', '[other]\n\trepositoryFormatVersion = 1\n'],
    ['a setting of lfs', '[lfs]\n\turl = 1\n'],
    ['an interactive rebase', branch('rebase = interactive')],
    ['escape sequences', branch('description = "\u001b]0;x\u0007"')],
    ['a direction override', branch('description = "\u202ex"')],
    ['merge options', branch('mergeOptions = --strategy=evil')],
    ['a strange branch', '[branch "a;b"]\n\tremote = origin\n'],
    ['a climbing branch', '[branch "../x"]\n\tmerge = refs/heads/main\n'],
    ['fsmonitor', '[core]\n\tfsmonitor = /tmp/evil\n'],
    ['hooksPath', '[core]\n\thooksPath = /tmp\n'],
    ['a hook in config', '[hook "x"]\n\tcommand = evil\n\tevent = pre-commit\n'],
    ['a filter', '[filter "x"]\n\tclean = evil\n'],
    ['an alias', '[alias]\n\tst = !evil\n'],
    ['an include', '[include]\n\tpath = /tmp/evil\n'],
    ['another address of a remote', '[remote "origin"]\n\turl = https://evil.example\n'],
    ['a push address', '[remote "origin"]\n\tpushurl = https://evil.example\n'],
    ['a new remote', '[remote "fork"]\n\turl = https://evil.example\n'],
    ['a rewritten address', '[url "https://evil.example/"]\n\tinsteadOf = https://\n'],
    ['another remote for a branch that has one', '[branch "main"]\n\tremote = .\n'],
    ['a submodule that runs something', '[submodule "x"]\n\tupdate = !evil\n'],
    ['ssh', '[core]\n\tsshCommand = evil\n'],
    ['identity', '[user]\n\temail = someone@else\n'],
  ])('takes over nothing of %s, and says so', (_, text) => {
    const { taken, dropped, refused } = added(text)
    expect([taken, dropped]).toEqual([[], []])
    expect(refused.length).toBeGreaterThan(0)
  })

  it('drops a branch whose settings are gone, and nothing else', () => {
    const without = BASE.slice(0, BASE.indexOf('[branch'))
    expect(judge(without)).toEqual({ taken: [], dropped: ['main'], refused: [] })
    expect(judge(BASE.replace('[core]\n\tbare = false\n', '')).refused).toEqual(['core.bare (removed)'])
    expect(judge('')).toMatchObject({ taken: [], dropped: ['main'] })
  })
})
