import { isDeepStrictEqual } from 'node:util'
import { isMap, isScalar, isSeq, parseDocument, Scalar, YAMLMap, YAMLSeq, type Document } from 'yaml'
import type { PolicyIssue } from '../errors.ts'
import { parsePolicy, type PolicySource } from './parse.ts'

/** The text of a policy file where there is none yet. */
export const EMPTY_POLICY = 'version: 1\n'

export type Edit = { kind: 'edited'; text: string } | { kind: 'invalid'; issues: PolicyIssue[] }

/**
 * Adds entries (lower case) to a list of a policy, those that it lacks, and leaves everything else as it was written, comments included. The
 * result is checked like the file it becomes; one that was invalid before stays untouched.
 */
export async function addToList(
  source: PolicySource,
  path: readonly [string, string],
  entries: readonly string[],
): Promise<Edit> {
  const before = await parsePolicy(source)
  if ('issues' in before) return { kind: 'invalid', issues: before.issues }
  const text = source.bytes.toString('utf8')
  const document = parseDocument(text, { keepSourceTokens: true })
  const json = isJson(text)
  const lines = json ? undefined : byLines(text, document, path, entries)
  const list = listAt(document, path, json)
  const there = new Set(list.items.map((item) => String(isScalar(item) ? item.value : item).toLowerCase()))
  for (const entry of entries) if (!there.has(entry)) list.add(scalar(entry, json))
  const whole = document.toString({
    lineWidth: 0,
    flowCollectionPadding: /[[{] \S/.test(text),
    ...indentOf(text),
  })
  const edited = lines !== undefined && isDeepStrictEqual(dataOf(lines), document.toJS()) ? lines : whole
  const after = await parsePolicy({ ...source, bytes: Buffer.from(edited) })
  return 'issues' in after ? { kind: 'invalid', issues: after.issues } : { kind: 'edited', text: edited }
}

/**
 * With what is added and every other byte kept, since the printer moves comments about; undefined where that is not
 * simple. Only a proposal: it counts if it says the same.
 */
function byLines(
  text: string,
  document: Document,
  [section, key]: readonly [string, string],
  entries: readonly string[],
): string | undefined {
  const list = document.getIn([section, key], true)
  const place = document.getIn([section], true)
  const words = (all: readonly string[]): string[] =>
    all.map((entry) => (PLAIN.test(entry) ? entry : JSON.stringify(entry)))
  if (isSeq(list)) {
    const there = new Set(list.items.map((item) => String(isScalar(item) ? item.value : item).toLowerCase()))
    return lengthened(text, list, words(entries.filter((entry) => !there.has(entry))))
  }
  const added = `${key}: [${words(entries).join(', ')}]`
  if (place === undefined && isMap(document.contents) && document.contents.flow !== true) {
    const head = ' '.repeat(indentOf(text).indent ?? 2)
    return `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${section}:\n${head}${added}\n`
  }
  if (list !== undefined || !isMap(place) || place.flow === true) return undefined
  const pair = place.items.at(-1)
  if (!isScalar(pair?.key) || !pair.key.range || !isScalar(pair.value) || !pair.value.range) return undefined
  const head = /^ */.exec(lineAt(text, pair.key.range[0]))![0]
  return insert(text, pair.value.range[1], [added], head)
}

/** A list with more in it: behind the last item, or in lines below that. */
function lengthened(text: string, list: YAMLSeq, words: readonly string[]): string | undefined {
  const last = list.items.at(-1)
  if (words.length === 0) return text
  if (list.flow === true) {
    const end = isScalar(last) ? last.range?.[1] : list.range && list.range[0] + 1
    if (end === undefined || end === null) return undefined
    const added = words.join(', ')
    return `${text.slice(0, end)}${last === undefined ? '' : ', '}${added}${text.slice(end)}`
  }
  if (!isScalar(last) || !last.range) return undefined
  const head = /^ *- +/.exec(lineAt(text, last.range[0]))?.[0]
  return head === undefined ? undefined : insert(text, last.range[1], words, head)
}

/** The line in which something begins, from its start. */
function lineAt(text: string, at: number): string {
  return text.slice(text.lastIndexOf('\n', at - 1) + 1)
}

/** Lines behind the one in which something ends. */
function insert(text: string, end: number, lines: readonly string[], head: string): string {
  const at = text.indexOf('\n', end)
  const added = lines.map((line) => `${head}${line}\n`).join('')
  return at === -1 ? `${text}\n${added}` : `${text.slice(0, at + 1)}${added}${text.slice(at + 1)}`
}

function dataOf(text: string): unknown {
  const document = parseDocument(text)
  return document.errors.length > 0 ? undefined : document.toJS()
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

function listAt(document: Document, [section, key]: readonly [string, string], json: boolean): YAMLSeq {
  const root = document.contents
  if (!isMap(root)) throw new TypeError('a policy is a map')
  const found = document.getIn([section, key], true)
  if (isSeq(found)) return found
  const list = new YAMLSeq()
  list.flow = true
  const place = root.get(section, true)
  if (isMap(place)) document.setIn([section, key], list)
  else {
    const made = new YAMLMap()
    made.flow = json
    made.set(scalar(key, json), list)
    root.set(scalar(section, json), made)
  }
  return list
}

const PLAIN = /^[A-Za-z0-9][A-Za-z0-9.-]*$/

/** What YAML could take for something else is quoted; JSON quotes everything. */
function scalar(text: string, json: boolean): Scalar {
  const node = new Scalar(text)
  if (json || !PLAIN.test(text)) node.type = Scalar.QUOTE_DOUBLE
  return node
}

function indentOf(text: string): { indent?: number } {
  const indent = /^( +)\S/m.exec(text)?.[1]?.length
  return indent === undefined || indent > 8 ? {} : { indent }
}
