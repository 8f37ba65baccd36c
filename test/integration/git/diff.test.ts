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
