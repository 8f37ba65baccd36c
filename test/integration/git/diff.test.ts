import { rmSync, symlinkSync } from 'node:fs'
import { resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parseRange } from '../../../src/git/revisions.ts'
import { makeRepo, type Repo } from './repo.ts'

const dist = resolve(import.meta.dirname, '../../../dist/agentbox.cjs')
let repo: Repo
beforeEach(() => void (repo = makeRepo()))
afterEach(() => repo.remove())

const diff = (...args: string[]) => repo.try(repo.root, [process.execPath, dist, 'diff', ...args])

describe('parseRange', () => {
  it.each([
    [undefined, { before: 'HEAD', after: undefined, fork: false }],
    ['main', { before: 'main', after: undefined, fork: false }],
    ['a..b', { before: 'a', after: 'b', fork: false }],
    ['a...b', { before: 'a', after: 'b', fork: true }],
    ['..b', { before: 'HEAD', after: 'b', fork: false }],
    ['v1.2..', { before: 'v1.2', after: 'HEAD', fork: false }],
  ])('%s', (range, expected) => expect(parseRange(range)).toEqual(expected))
})

describe('agentbox diff', () => {
  it('says what a change gives and takes, and whether agents get more', () => {
    repo.write('.agentboxrc', 'version: 1\nenv:\n  pass: [OLD_ONE]\nfilesystem:\n  hide: [infra/prod/]\n')
    repo.commit('one')
    expect(diff()).toMatchObject({ status: 0, out: expect.stringContaining('nothing changes') })
    repo.git('checkout', '-q', '-b', 'change')
    repo.write('.agentboxrc', 'version: 1\nenv:\n  pass: [NEW_ONE]\nmasks:\n  patterns: ["*.tfvars"]\n')
    const { status, out } = diff()
    expect(status).toBe(0)
    expect(out).toContain(
      'agents get more: 1 new grant, 1 restriction that goes, 1 grant that goes, 1 new restriction',
    )
    expect(out).toMatch(/\+ grant +env +NEW_ONE +\.agentboxrc:3/)
    expect(out).toMatch(/- grant +env +OLD_ONE/)
    expect(out).toMatch(/- restriction +hides +infra\/prod/)
    expect(out).toMatch(/\+ restriction +masks +\*\.tfvars/)
    expect(diff('--fail-if-wider').status).toBe(1)
    repo.commit('two')
    expect(diff('main..change').out).toContain('NEW_ONE')
    expect(JSON.parse(diff('main...change', '--json').out)).toMatchObject({
      version: 1,
      grants: { added: [{ kind: 'env', value: 'NEW_ONE' }], removed: [{ value: 'OLD_ONE' }] },
    })
  })

  it('names the revision whose policy is invalid, and the work tree by its file', () => {
    repo.write('.agentboxrc', 'version: 1\nfilesytem: {}\n')
    repo.write('sub/.agentboxrc', 'version: 1\nextends: ./base.yaml\n')
    repo.write('sub/base.yaml', 'version: 1\nnetwork: {mode: lan}\n')
    const bad = repo.commit('bad')
    repo.git('tag', 'v1')
    repo.write('.agentboxrc', 'version: 1\n')
    repo.write('sub/base.yaml', 'version: 1\n')
    repo.commit('good')
    const refused = diff('v1')
    expect([refused.status, refused.out]).toEqual([125, ''])
    expect(refused.err).toMatch(/^agentbox: v1:\.agentboxrc:2:1: unknown key "filesytem"/)
    expect(refused.err).toMatch(/^ +v1:sub\/base\.yaml:2:11: network\.mode: must be one of/m)
    expect(diff('HEAD..v1').err).toContain('agentbox: v1:.agentboxrc:2:1: ')
    // Where two parted has no name but its own.
    repo.git('checkout', '-q', '-b', 'side', 'v1')
    repo.write('.agentboxrc', 'version: 1\n')
    repo.write('sub/base.yaml', 'version: 1\n')
    repo.commit('side')
    expect(diff('main...side').err).toContain(`agentbox: ${bad.slice(0, 10)}:.agentboxrc:2:1: `)
    repo.write('.agentboxrc', 'version: 2\n')
    expect(diff().err).toContain(`agentbox: ${repo.root}/.agentboxrc:1:1: `)
  })

  it('includes the files that a revision’s policy extends, as that revision has them', () => {
    repo.write('.agentboxrc', 'version: 1\nextends: [./team/base.yaml, "@acme/box"]\n')
    repo.write('team/base.yaml', 'version: 1\nextends: ./more.yaml\n')
    repo.write('team/more.yaml', 'version: 1\nenv:\n  pass: [OLD_ONE]\n')
    repo.write('.gitignore', 'node_modules\n')
    repo.write('node_modules/@acme/box/package.json', '{}')
    repo.write('node_modules/@acme/box/.agentboxrc', 'version: 1\nenv:\n  pass: [FROM_PACKAGE]\n')
    repo.commit('one')
    repo.write('team/more.yaml', 'version: 1\nenv:\n  pass: [NEW_ONE]\n')
    const ofWorkTree = diff('--fail-if-wider')
    expect(ofWorkTree).toMatchObject({ status: 1, err: expect.stringContaining('"@acme/box"') })
    expect(ofWorkTree.out).toMatch(/\+ grant +env +NEW_ONE +team\/more\.yaml:3/)
    expect(ofWorkTree.out).not.toContain('FROM_PACKAGE')
    repo.commit('two')
    repo.git('rm', '-qr', 'team', '.agentboxrc')
    expect(diff('HEAD~1..HEAD').out).toMatch(/- grant +env +OLD_ONE/)
    repo.git('reset', '-q', '--hard')
    repo.git('rm', '-q', 'team/more.yaml')
    symlinkSync('../.agentboxrc', `${repo.root}/team/more.yaml`)
    repo.commit('three')
    expect(diff('HEAD~1..HEAD')).toMatchObject({ status: 125, err: expect.stringContaining('is no file of') })
  })

  it('does not take a policy that cannot be read for none', () => {
    repo.commit('none')
    repo.write('.agentboxrc', 'version: 1\nnetwork:\n  mode: host\n')
    repo.commit('one')
    const blob = repo.git('rev-parse', 'HEAD:.agentboxrc').trim()
    rmSync(`${repo.root}/.git/objects/${blob.slice(0, 2)}/${blob.slice(2)}`)
    expect(diff('HEAD~1..HEAD', '--fail-if-wider')).toMatchObject({
      status: 125,
      err: expect.stringContaining('git cannot read'),
    })
  })

  it('is not wider when it only restricts, and knows a policy that comes or goes', () => {
    repo.commit('none')
    repo.write('.agentboxrc', 'version: 1\nnetwork:\n  mode: none\n')
    expect(diff('--fail-if-wider')).toMatchObject({
      status: 0,
      out: expect.stringContaining('no more than before'),
    })
    repo.commit('one')
    repo.git('rm', '-q', '.agentboxrc')
    expect(diff('--fail-if-wider').status).toBe(1)
  })

  it('writes Markdown in which the repository’s text stays text', () => {
    repo.commit('none')
    repo.write('.agentboxrc', 'version: 1\nmasks:\n  patterns: ["a|b``<img src=x>*"]\n')
    const { out } = diff('--markdown')
    expect(out).toContain('| added | restriction |')
    expect(out).toContain('`` a\\|b` `<img src=x>* ``')
  })

  it('says what is wrong with a revision or a policy', () => {
    repo.commit('none')
    expect(diff('nowhere..HEAD')).toMatchObject({ status: 2, err: expect.stringContaining('nowhere') })
    expect(diff('--output=x').status).toBe(2)
    repo.write('.agentboxrc', 'version: 1\nnonsense: 1\n')
    expect(diff()).toMatchObject({ status: 125, err: expect.stringContaining('nonsense') })
  })
})
