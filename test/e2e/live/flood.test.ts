import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { existsSync } from 'node:fs'
import { makeHome, type TestHome } from '../../support/home.ts'
import { eventually } from '../../support/spawn.ts'
import { readable, startBoxes } from './boxes.ts'

/** Fills the proxy with requests that come ahead of their answers, over many connections, for a minute at most. */
const FLOOD = `
import { connect } from 'node:net'
import { writeFileSync } from 'node:fs'
const one = 'GET /x HTTP/1.1\\r\\nHost: a.example\\r\\n\\r\\nGET http://a.example/ HTTP/1.1\\r\\nHost: a.example\\r\\n\\r\\n'
const text = one.repeat(600)
let served = 0
const count = () => { if (++served === 20) writeFileSync('flooding', '') }
const open = () => {
  const socket = connect(61128, '127.0.0.1')
  const fill = () => { while (socket.writable && socket.write(text)); }
  socket.on('connect', fill).on('drain', fill).on('error', () => {}).on('data', count)
  socket.on('close', () => { count(); open() })
}
for (let left = 200; left > 0; left--) open()
setTimeout(process.exit, 60_000)
`

describe.each(['user', 'root'] as const)('a box that floods its proxy, as %s', (who) => {
  let at: TestHome
  let project: string
  beforeAll(async () => {
    at = makeHome(who)
    project = `${at.home}/work/project`
    at.write(`${project}/flood.mjs`, FLOOD)
    await at.must(['git', 'init', '-q', project])
  })
  afterAll(() => at.remove())

  it('does not keep the session from masking what appears', async () => {
    const [box] = await startBoxes(at, project, 1, `echo up; ${at.node} flood.mjs & exec sleep 300`)
    expect(await eventually(() => existsSync(`${project}/flooding`), 60_000)).toBe(true)
    const paths = Array.from({ length: 5 }, (_, count) => `${project}/.env.${count}`)
    for (const path of paths) at.write(path, 'SECRET\n')
    expect(await readable([box!], paths)).toEqual([])
    expect((await box!.end()).stderr).toMatch(/secrets appeared and were masked/)
  })
})
