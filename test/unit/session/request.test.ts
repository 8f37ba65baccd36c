import { describe, expect, test } from 'vitest'
import { AgentboxError } from '../../../src/errors.ts'
import { fromBytes } from '../../../src/host/bytes.ts'
import type { LaunchInput } from '../../../src/session/launcher.ts'
import { encodeRequest, FIRST_DATA_FD, SECCOMP_FD } from '../../../src/session/request.ts'

const input: LaunchInput = {
  bwrap: '/usr/bin/bwrap',
  bwrapArgs: ['--ro-bind', '/', '/'],
  command: ['claude', '--', '-s'],
  initPath: '/run/agentbox/init',
  env: { A: '1', B: '' },
  seccomp: Buffer.from([1, 2, 3]),
  data: [],
  onReady() {},
}

/** The records as the helper reads them, strings split at the NULs. */
function decode(bytes: Buffer): [number, string[]][] {
  const records: [number, string[]][] = []
  for (let at = 0; at < bytes.length;) {
    const [number, length] = [bytes.readUInt32LE(at), bytes.readUInt32LE(at + 4)]
    records.push([number, bytes.toString('latin1', at + 8, at + 8 + length).split('\0')])
    at += 8 + length
  }
  return records
}

test('argv, environment, options, filter, data, end: in this order and without a gap', () => {
  const data = [Buffer.from('one'), Buffer.alloc(0)]
  const init = ['/run/agentbox/init', 'init', '--', 'claude', '--', '-s', '']
  expect(decode(encodeRequest({ ...input, data }))).toEqual([
    [0, ['/usr/bin/bwrap', '--args', '5', '--', ...init]],
    [1, ['A=1', 'B=', '']],
    [5, ['--ro-bind', '/', '/', '--seccomp', '6', '']],
    [SECCOMP_FD, ['\x01\x02\x03']],
    [FIRST_DATA_FD, ['one']],
    [FIRST_DATA_FD + 1, ['']],
    [2, ['']],
  ])
})

test('the limit of processes is an option of init, before the command', () => {
  const [argv] = decode(encodeRequest({ ...input, limits: { processes: 64 } }))
  expect(argv![1].slice(4, 9)).toEqual(['/run/agentbox/init', 'init', '--processes', '64', '--'])
})

test('escaped bytes are the bytes that they stand for', () => {
  const odd = fromBytes(Buffer.from([0x61, 0xff, 0x80]))
  const records = decode(encodeRequest({ ...input, command: ['x', odd], env: { O: odd }, bwrapArgs: [odd] }))
  expect(records.slice(0, 3).map(([, list]) => list.find((text) => text.includes('\xff')))).toEqual([
    'a\xff\x80',
    'O=a\xff\x80',
    'a\xff\x80',
  ])
})

describe('a NUL byte is refused', () => {
  test.each<[string, Partial<LaunchInput>]>([
    ['in the command', { command: ['a\0b'] }],
    ['in an option', { bwrapArgs: ['--chdir', '/a\0--bind'] }],
    ['in a variable', { env: { A: 'x\0B=y' } }],
    ['in a name', { env: { 'A\0B': 'x' } }],
  ])('%s', (_, change) => {
    expect(() => encodeRequest({ ...input, ...change })).toThrow(AgentboxError)
  })
})
