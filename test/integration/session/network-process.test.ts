import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer, type AddressInfo, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { compileRules } from '../../../src/network/rules/decide.ts'
import { startNetworkProcess, type NetworkProcess } from '../../../src/session/network-process.ts'
import { eventually } from '../../support/spawn.ts'

const rules = compileRules({ allow: [], deny: [] }, [])
let dir = ''
let remote: Server
let serving: NetworkProcess | undefined

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'agentbox-network-'))
  remote = await listening(createServer((socket) => socket.end('served')))
})
afterAll(() => {
  remote.close()
  rmSync(dir, { recursive: true, force: true })
})
afterEach(() => serving?.end())

describe('a process that ends before it serves', () => {
  // Where the terminal's signal meets it between fork and setsid.
  it.each(['SIGINT', 'SIGQUIT'] as const)(
    'by %s is started again, and has missed nothing',
    async (signal) => {
      const program = dyingProgram(signal, 2)
      const { lost } = begin(program)
      const [kept, closed] = [portOf(remote), 1]
      const [front, other] = [await listening(), await listening()]
      // Handed over, they are closed here.
      const ports = [front, other].map(portOf)
      serving!.serve({ kind: 'port', port: kept }, front)
      serving!.serve({ kind: 'port', port: closed }, other)
      await serving!.restrict(rules, [kept])
      expect(await Promise.all(ports.map(said))).toEqual(['served', ''])
      expect(program.starts()).toBe(3)
      expect(lost).toEqual([])
    },
  )

  it.each([
    ['SIGINT', Infinity, 5],
    ['SIGKILL', 1, 1],
  ] as const)('by %s, %d times, is lost after %d', async (signal, times, starts) => {
    const program = dyingProgram(signal, times)
    const { lost } = begin(program)
    const front = await listening()
    serving!.serve({ kind: 'port', port: portOf(remote) }, front)
    await serving!.restrict(rules, [])
    expect(await eventually(() => lost.length > 0)).toBe(true)
    expect(lost).toEqual([`the process that serves it has ended (${signal})`])
    expect(program.starts()).toBe(starts)
    expect(await eventually(() => !front.listening)).toBe(true)
  })
})

it('one that serves already is lost by SIGINT, which no terminal can send it', async () => {
  const program = dyingProgram('SIGINT', 0)
  const { lost } = begin(program)
  await serving!.restrict(rules, [])
  process.kill(program.pid(), 'SIGINT')
  expect(await eventually(() => lost.length > 0)).toBe(true)
  expect(program.starts()).toBe(1)
})

function begin({ path }: Program): { lost: string[] } {
  const lost: string[] = []
  serving = startNetworkProcess({
    program: path,
    env: process.env,
    begin: { do: 'begin', rules, credentials: [], home: dir, permissive: false },
    onVerdict() {},
    onLost: (reason) => void lost.push(reason),
  })
  return { lost }
}

interface Program {
  path: string
  starts(): number
  /** Of the last one. */
  pid(): number
}

/** The real one, but that it ends by the signal the first times that it is started. */
function dyingProgram(signal: NodeJS.Signals, times: number): Program {
  const base = mkdtempSync(join(dir, 'program-'))
  const [path, log] = [join(base, 'program.cjs'), join(base, 'log')]
  const real = resolve(import.meta.dirname, '../../../dist/network.cjs')
  writeFileSync(log, '')
  writeFileSync(
    path,
    `const { appendFileSync, readFileSync } = require('node:fs')
appendFileSync(${JSON.stringify(log)}, process.pid + '\\n')
const started = readFileSync(${JSON.stringify(log)}, 'utf8').split('\\n').length - 1
if (started <= ${times}) process.kill(process.pid, '${signal}')
else require(${JSON.stringify(real)})
`,
  )
  const pids = (): number[] => readFileSync(log, 'utf8').split('\n').filter(Boolean).map(Number)
  return { path, starts: () => pids().length, pid: () => pids().at(-1)! }
}

function listening(server = createServer({ pauseOnConnect: true })): Promise<Server> {
  return new Promise((done) => server.listen(0, '127.0.0.1', () => done(server)))
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port

/** What one says who is connected to; nothing if nobody is there. */
function said(port: number): Promise<string> {
  return new Promise((done) => {
    let text = ''
    connect(port, '127.0.0.1')
      .on('data', (chunk) => void (text += String(chunk)))
      .on('error', () => done(text))
      .on('close', () => done(text))
  })
}
