import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { AgentboxError, type PolicyIssue } from '../../../src/errors.ts'
import { resolvePolicy } from '../../../src/config/layers.ts'
import { parsePolicy } from '../../../src/config/parse.ts'

const FOLDER = 'test/fixtures/policies'
const HOME = '/home/u'
const DIR = '/home/u/work/p'

/** A name, then its problems as `line:column key: problem – hint`, indented. */
function expected(): Map<string, string[]> {
  const table = new Map<string, string[]>()
  let current: string[] = []
  for (const line of readFileSync(`${FOLDER}/expected.txt`, 'utf8').split('\n')) {
    if (/^[a-z]/.test(line)) table.set(line, (current = []))
    else if (line !== '') current.push(line.trim())
  }
  return table
}

/** As a repository's file whose grants are all approved: what is wrong stays wrong. */
async function issuesOf(bytes: Buffer): Promise<PolicyIssue[]> {
  const parsed = await parsePolicy({ layer: 'repo', file: 'rc', dir: DIR, bytes })
  if ('issues' in parsed) return parsed.issues
  try {
    resolvePolicy({
      repoLayers: [parsed.layer],
      home: HOME,
      project: DIR,
      approvals: { approver: () => 'approval' },
    })
    return []
  } catch (error) {
    if (error instanceof AgentboxError && error.problem.code === 'policy-invalid') return error.problem.issues
    throw error
  }
}

function line({ line: row, column, key, problem, hint }: PolicyIssue): string {
  return `${row}:${column} ${key === undefined ? '' : `${key}: `}${problem}${hint === undefined ? '' : ` – ${hint}`}`
}

const table = expected()
const names = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.yaml'))
  .map((name) => name.slice(0, -'.yaml'.length))

/** Milliseconds of the processor's: how long it takes depends on what else runs. */
function timeOf(started: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(started)
  return (user + system) / 1000
}

describe('bad policies', () => {
  it('has a large corpus, and every file of it has its line in expected.txt', () => {
    expect(names.length).toBeGreaterThan(100)
    expect([...table.keys()].toSorted()).toEqual(names.toSorted())
  })

  it.each(names)('%s', async (name) => {
    const started = process.cpuUsage()
    const issues = await issuesOf(readFileSync(`${FOLDER}/${name}.yaml`))
    expect(timeOf(started)).toBeLessThan(1000)
    expect(issues.map(line)).toEqual(table.get(name))
  })
})

const ESC = '\u001b'

describe('bad bytes', () => {
  it.each<[string, Buffer | string, string[]]>([
    ['NUL', 'version: 1\nssh: no\0ne\n', ['2:8 contains a NUL byte']],
    ['a control character', `version: 1\n# ${ESC}[2J\n`, ['2:3 contains a control character']],
    ['invalid UTF-8', Buffer.from('version: 1\nssh: \xff\n', 'latin1'), ['2:6 is not UTF-8 text']],
    ['cut UTF-8', Buffer.from('version: 1\n# é', 'utf8').subarray(0, -1), ['2:3 is not UTF-8 text']],
    ['overlong UTF-8', Buffer.from('version: 1 # \xc0\xaf', 'latin1'), ['1:14 is not UTF-8 text']],
    ['UTF-16', Buffer.from('\ufeffversion: 1\n', 'utf16le'), ['1:1 is not UTF-8 text']],
    ['UTF-16 without a mark', Buffer.from('version: 1\n', 'utf16le'), ['1:2 contains a NUL byte']],
  ])('%s', async (_name, bytes, wanted) => {
    expect((await issuesOf(Buffer.from(bytes as string))).map(line)).toEqual(wanted)
  })

  it.each([
    ['a byte order mark', '\ufeffversion: 1\n'],
    ['CRLF', 'version: 1\r\nfilesystem:\r\n  hide: [a]\r\n'],
    ['JSON', '{"version": 1, "ssh": "none"}'],
    ['JSON with escapes', '{"version": 1, "filesystem": {"hide": ["\\u0061"]}}'],
    ['a single explicit document', '---\nversion: 1\n...\n'],
  ])('%s is fine', async (_name, text) => {
    expect(await issuesOf(Buffer.from(text))).toEqual([])
  })
})

const KIB = 256 * 1024

describe('input that is made to be slow', () => {
  const repeated = (part: string): string => part.repeat(Math.floor(KIB / part.length))
  it.each([
    ...[
      '[',
      '{',
      '- ',
      '? ',
      'a:\n',
      'a: ',
      'a,',
      '#\n',
      '\n',
      '&a ',
      '*a ',
      '!a ',
      '---\n',
      '}',
      '@\n',
      '- a\n',
    ],
    ...['a: #\n', '%a\n', '["', '{a:', '- [b]\n', '"a": b\n', '|\n', '...\n', '? - ', "''", '\t', '\r', ' '],
  ])('256 KiB of %j', async (part) => {
    const started = process.cpuUsage()
    const issues = await issuesOf(Buffer.from(repeated(part)))
    expect(timeOf(started)).toBeLessThan(1000)
    expect(issues.length).toBeGreaterThan(0)
  })

  it.each([
    ['a list of 130,000', `version: 1\nagents: [${'a,'.repeat(KIB / 2 - 20)}]`],
    [
      'a map of 50,000',
      `version: 1\nenv: {set: {${Array.from({ length: 20_000 }, (_, at) => `A${at}: b`).join(', ')}}}`,
    ],
    ['a long key', `version: 1\n"${'k'.repeat(KIB - 30)}": 1`],
    ['a long value', `version: 1\nssh: ${'k'.repeat(KIB - 30)}`],
  ])('%s', async (_name, text) => {
    const started = process.cpuUsage()
    await issuesOf(Buffer.from(text))
    expect(timeOf(started)).toBeLessThan(1000)
  })
})
