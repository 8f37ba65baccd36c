import { describe, expect, it } from 'vitest'
import { difference, proposedEntries } from '../../../src/session/learn.ts'
import { count, startTally } from '../../../src/session/tally.ts'

describe('what --learn proposes', () => {
  it('is exactly the hosts and odd ports that were asked for', () => {
    const places = ['b.example:443', 'a.example:80', 'a.example:443', 'a.example:22', '0:0:0:0:0:0:0:1:80']
    expect(proposedEntries(places)).toEqual(['[0:0:0:0:0:0:0:1]', 'a.example', 'a.example:22', 'b.example'])
  })

  it.each([
    ['not in network.allow', ['a.example:443']],
    ['port 22 is not in network.allow', ['a.example:443']],
    ['not in network.allow; let through by --learn-permit', ['a.example:443']],
    ['network.deny: a.example', []],
    ['10.0.0.1 is a private network', []],
  ])('after "%s": %j', (rule, wanted) => {
    const tally = startTally(0)
    count(tally, {
      kind: 'network',
      decision: 'refused',
      host: 'a.example',
      port: 443,
      rule,
      via: 'connect',
      at: 1,
    })
    expect([...tally.unlisted]).toEqual(wanted)
    expect(tally.refused.get('a.example')).toBe(1)
  })

  it('is shown as a difference', () => {
    expect(difference('a\nb\nc\n', 'a\nx\ny\nc\n')).toEqual([' a', '-b', '+x', '+y'])
    expect(difference('', 'a\n')).toEqual(['+a'])
  })
})
