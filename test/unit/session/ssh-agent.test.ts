import { describe, expect, it } from 'vitest'
import { isAllowed } from '../../../src/session/ssh-agent.ts'

const text = (name: string): number[] => [0, 0, 0, name.length, ...Buffer.from(name)]

describe('what the ssh agent is asked', () => {
  it.each([
    ['which keys there are', [11], true],
    ['a signature', [13, 0, 0], true],
    ['where ssh connects to', [27, ...text('session-bind@openssh.com'), 1, 2], true],
    ['what it can', [27, ...text('query')], true],
    ['to take a key', [17, 0], false],
    ['to take a key with constraints', [25, 0], false],
    ['to forget a key', [18, 0], false],
    ['to forget all', [19], false],
    ['to load a library', [20, 0], false],
    ['the same with constraints', [26, 0], false],
    ['to be locked', [22, 0], false],
    ['the first version’s keys', [1], false],
    ['another extension', [27, ...text('session-bind@openssh.com.evil')], false],
    ['an extension that ends early', [27, 0, 0], false],
    ['nothing', [], false],
  ])('%s', (_what, message, allowed) => {
    expect(isAllowed(Buffer.from(message))).toBe(allowed)
  })
})
