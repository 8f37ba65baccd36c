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
  const list = listAt(document, path, json)
  const there = new Set(list.items.map((item) => String(isScalar(item) ? item.value : item).toLowerCase()))
  for (const entry of entries) if (!there.has(entry)) list.add(scalar(entry, json))
  const edited = document.toString({
    lineWidth: 0,
    flowCollectionPadding: /[[{] \S/.test(text),
    ...indentOf(text),
  })
  const after = await parsePolicy({ ...source, bytes: Buffer.from(edited) })
  return 'issues' in after ? { kind: 'invalid', issues: after.issues } : { kind: 'edited', text: edited }
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

/** What YAML could take for something else is quoted; JSON quotes everything. */
function scalar(text: string, json: boolean): Scalar {
  const node = new Scalar(text)
  if (json || !/^[A-Za-z0-9][A-Za-z0-9.-]*$/.test(text)) node.type = Scalar.QUOTE_DOUBLE
  return node
}

function indentOf(text: string): { indent?: number } {
  const indent = /^( +)\S/m.exec(text)?.[1]?.length
  return indent === undefined || indent > 8 ? {} : { indent }
}
