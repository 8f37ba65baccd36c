import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { abstractSockets, listeningPorts } from '../../../src/doctor/exposure.ts'
import { checks } from '../../../src/doctor/index.ts'
import { node } from '../../../src/doctor/installation.ts'
import { version } from '../../../src/doctor/kernel.ts'

describe('checks', () => {
  it('are a file each, and all in the list', () => {
    const files = readdirSync('src/doctor').map((file) => file.replace(/\.ts$/, ''))
    const own = files.filter((file) => !['index', 'types'].includes(file))
    expect(own.toSorted()).toEqual(checks.map(({ id }) => id).toSorted())
  })
})

describe('versions', () => {
  it.each([
    ['6.18.44-x', []],
    ['6.12.0', []],
    ['6.1.0-37-amd64', ['note']],
    ['5.10.0', ['error']],
    ['4.19', ['error']],
  ])('Linux %s', (text, severities) =>
    expect(version(text).map(({ severity }) => severity)).toEqual(severities),
  )
  it.each([
    ['20.19.0', 0],
    ['24.1.0', 0],
    ['20.18.3', 1],
    ['18.20.0', 1],
  ])('Node %s', (text, count) => expect(node(text)).toHaveLength(count))
})

describe('what a shared network exposes', () => {
  it('is read from the tables of the kernel', () => {
    const tcp = [
      '  sl  local_address rem_address   st tx_queue',
      '   0: 0100007F:1538 00000000:0000 0A 00000000:00000000',
      '   1: 0100007F:1538 0100007F:9999 01 00000000:00000000',
      '   2: 00000000000000000000000000000000:0016 00000000000000000000000000000000:0000 0A 0:0',
    ].join('\n')
    expect(listeningPorts(tcp)).toEqual([22, 5432])
    const unix = 'Num RefCount\n0: 2 0 10000 1 1 2 @/tmp/.X11-unix/X0\n0: 2 0 10000 1 1 3 /run/x.sock\n'
    expect(abstractSockets(unix)).toEqual(['@/tmp/.X11-unix/X0'])
  })
})
