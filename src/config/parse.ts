import { isUtf8 } from 'node:buffer'
import * as v from 'valibot'
import type { Place, PolicyIssue } from '../errors.ts'
import { dotted, placeOf, placesIn, type DocNode, type DocPath, type Reading } from './document.ts'
import { wrongKeys } from './keys.ts'
import { readPlain } from './plain.ts'
import type { PolicyKind } from './schema-kit.ts'
import { schemaOf, type Rc } from './schema.ts'
import { inFileOrder } from './order.ts'
import { hintFor, valueIssue, wrongKeyProblem } from './wording.ts'

/** One policy file (or the options of a command), validated by itself. */
export interface ParsedLayer {
  layer: PolicyKind
  /** For messages and origins. */
  file: string
  /** Absolute directory that relative paths start from. */
  dir: string
  /** The repository's policy file that this is part of and approved with; absent if it is the file itself. */
  under?: string | undefined
  rc: Rc
  place: (path: DocPath) => Place
}

export type Parsed = { layer: ParsedLayer } | { issues: PolicyIssue[] }

export interface PolicySource {
  layer: 'repo' | 'user' | 'system'
  file: string
  dir: string
  under?: string | undefined
  bytes: Buffer
}

/** Bytes of a file → a validated layer, or everything that is wrong with it at once. Never throws. */
export async function parsePolicy({ layer, file, dir, under, bytes }: PolicySource): Promise<Parsed> {
  const text = decode(bytes)
  if (typeof text !== 'string') return { issues: [{ file, ...text }] }
  const place = placesIn(file, text)
  const reading = await readDocument(text)
  if ('refused' in reading) {
    return { issues: reading.refused.map(({ at, problem, hint }) => ({ ...place(at), problem, hint })) }
  }
  const { document } = reading
  const checked = checkDocument(document, layer, (at) => place(at))
  if ('issues' in checked) return checked
  return {
    layer: { layer, file, dir, under, rc: checked.rc, place: (path) => place(placeOf(document, path)) },
  }
}

async function readDocument(text: string): Promise<Reading> {
  const document = readPlain(text)
  // Loaded only when it is needed: it costs a launch more than all the rest of this folder.
  return document ? { document } : (await import('./yaml.ts')).readYaml(text)
}

/** The text without a byte order mark, or what is wrong with the bytes and where. */
function decode(bytes: Buffer): string | Omit<PolicyIssue, 'file'> {
  if (!isUtf8(bytes)) return { ...firstBad(bytes, isUtf8), problem: 'is not UTF-8 text' }
  const text = bytes.toString('utf8').replace(/^\ufeff/, '')
  // oxlint-disable-next-line no-control-regex
  const control = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/.exec(text)
  if (!control) return text
  const { line, column } = placesIn('', text)(control.index)
  return {
    line,
    column,
    problem: control[0] === '\0' ? 'contains a NUL byte' : 'contains a control character',
  }
}

/** The first line that is not valid, and the first byte in it. */
function firstBad(bytes: Buffer, valid: (part: Buffer) => boolean): { line: number; column: number } {
  let start = 0
  for (let line = 1; ; line++) {
    const found = bytes.indexOf(0x0a, start)
    const end = found === -1 ? bytes.length : found
    const part = bytes.subarray(start, end)
    if (!valid(part)) {
      let column = part.length
      while (column > 0 && !valid(part.subarray(0, column - 1))) column--
      return { line, column: Math.max(1, column) }
    }
    if (found === -1) return { line, column: 1 }
    start = end + 1
  }
}

/** Checks a document against the schema of its kind. Values are as written, `place` makes the messages. */
export function checkDocument(
  document: DocNode,
  kind: PolicyKind,
  place: (at: number) => Place,
): { rc: Rc } | { issues: PolicyIssue[] } {
  if (document.kind !== 'map') {
    return { issues: [{ ...place(document.at), problem: 'is not a policy', hint: 'begin with version: 1' }] }
  }
  const schema = schemaOf(kind)
  const wrong = wrongKeys(schema, document)
  const input = valueOf(document, new Set(wrong.map(({ at }) => at)))
  const result = v.safeParse(schema, input, { abortPipeEarly: true })
  if (result.success && wrong.length === 0) return { rc: result.output as Rc }
  const keys = wrong.slice(0, MAX_ISSUES).map(({ path, at, reason }): PolicyIssue => {
    const key = dotted(path)
    const hint = reason === 'unknown' ? hintFor(path, kind) : undefined
    return { ...place(at), key, problem: wrongKeyProblem(reason, key), hint }
  })
  const values = (result.issues ?? []).slice(0, MAX_ISSUES).map((issue): PolicyIssue => {
    const path = (issue.path ?? []).map((item) => item.key as string | number)
    return { ...place(placeOf(document, path)), ...valueIssue(issue, path) }
  })
  return { issues: inFileOrder([...keys, ...values]) }
}

/** Whoever has more mistakes in one file begins with these. */
const MAX_ISSUES = 50

/** Plain data, without the keys at `dropped`. In `env.set` everything is text, spelt as in the file. */
function valueOf(node: DocNode, dropped: ReadonlySet<number>, path = ''): unknown {
  switch (node.kind) {
    case 'scalar':
      return path.startsWith('/env/set/') && node.value !== null ? node.text : node.value
    case 'list':
      return node.items.map((item) => valueOf(item, dropped))
    case 'map': {
      const kept = node.entries.filter(({ at }) => !dropped.has(at))
      return Object.fromEntries(
        kept.map(({ key, value }) => [key, valueOf(value, dropped, `${path}/${key}`)]),
      )
    }
  }
}
