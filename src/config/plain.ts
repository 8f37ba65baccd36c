import { MAX_DEPTH, MAX_PARTS, type DocEntry, type DocNode } from './document.ts'

/**
 * Reads the YAML that policies are usually written in, and JSON without escapes: the full parser costs
 * 15–20 ms at its first use, this one less than 1 ms. Whatever it is not sure of it leaves to `yaml.ts`
 * (answers undefined), errors included; a property test holds the two to the same result.
 */
export function readPlain(text: string): DocNode | undefined {
  // Anything that YAML gives a meaning that is not handled here makes the whole file unusual.
  if (!/^[\n -~\u00a1-\ud7ff\ue000-\ufefe]*$/.test(text) || /^(?:---|\.\.\.|%)/m.test(text)) return undefined
  const cursor: Cursor = { text, at: 0, parts: 0 }
  try {
    const root = blockNode(cursor, skipToContent(cursor), 0)
    return cursor.at === text.length ? root : undefined
  } catch (error) {
    if (error === UNUSUAL) return undefined
    throw error
  }
}

interface Cursor {
  readonly text: string
  at: number
  /** Scalars so far. */
  parts: number
}

const UNUSUAL = new Error('left to the full parser')

function unusual(): never {
  throw UNUSUAL
}

/** A plain scalar that means the same in a block and in a flow collection. */
const PLAIN = /[A-Za-z0-9_./~](?:[A-Za-z0-9_./~+@%=*$-]|:(?=[A-Za-z0-9_./~]))*/y
const DOUBLE = /"([^"\\\n]*)"/y
const SINGLE = /'([^'\n]*)'/y
const BLANKS = / */y
const BLANK_LINES = /(?: *(?:#[^\n]*)?(?:\n|$))*/y
const END_OF_LINE = / *(?:(?<= )#[^\n]*)?(?:\n|$)/y
const FLOW_GAP = /\s*/y

function take(cursor: Cursor, pattern: RegExp): RegExpExecArray | undefined {
  pattern.lastIndex = cursor.at
  const match = pattern.exec(cursor.text)
  if (!match) return undefined
  cursor.at = pattern.lastIndex
  return match
}

/** Skips empty lines and comments; answers with the indentation of the line that follows, -1 at the end. */
function skipToContent(cursor: Cursor): number {
  let from = -1
  // A match can be empty at the end of the text; it must move to go on.
  while (cursor.at < cursor.text.length && cursor.at !== from) {
    from = cursor.at
    take(cursor, BLANK_LINES)
  }
  const start = cursor.at
  const indent = take(cursor, BLANKS)![0].length
  cursor.at = start
  return cursor.at >= cursor.text.length ? -1 : indent
}

function blockNode(cursor: Cursor, indent: number, depth: number): DocNode {
  if (indent < 0 || depth > MAX_DEPTH) return unusual()
  const first = cursor.text[cursor.at + indent]
  if (first === '-') return blockList(cursor, indent)
  if (first === '{' && depth === 0 && indent === 0) return wholeFlow(cursor)
  return blockMap(cursor, indent, depth)
}

/** A JSON file: one flow collection over many lines, which only here needs no care for indentation. */
function wholeFlow(cursor: Cursor): DocNode {
  const node = flowNode(cursor, 0, FLOW_GAP)
  if (!take(cursor, END_OF_LINE) || skipToContent(cursor) !== -1) return unusual()
  return node
}

function blockMap(cursor: Cursor, indent: number, depth: number): DocNode {
  const entries: DocEntry[] = []
  const at = cursor.at + indent
  for (let found = indent; found === indent; found = skipToContent(cursor)) {
    cursor.at += indent
    const key = scalar(cursor)
    if (cursor.text[cursor.at] !== ':') return unusual()
    cursor.at++
    entries.push({ key: key.text, at: key.at, value: entryValue(cursor, indent, depth, key.at) })
  }
  return endOf(cursor, indent, { kind: 'map', entries, at })
}

function entryValue(cursor: Cursor, indent: number, depth: number, keyAt: number): DocNode {
  if (!take(cursor, END_OF_LINE)) {
    if (take(cursor, BLANKS)![0] === '') return unusual()
    return lineValue(cursor, depth)
  }
  const start = cursor.at
  const inner = skipToContent(cursor)
  // A list may stand at its key's own indentation.
  if (inner > indent || (inner === indent && cursor.text[cursor.at + inner] === '-')) {
    return blockNode(cursor, inner, depth + 1)
  }
  cursor.at = start
  return { kind: 'scalar', value: null, text: '', at: keyAt }
}

function blockList(cursor: Cursor, indent: number): DocNode {
  const items: DocNode[] = []
  const at = cursor.at + indent
  let found = indent
  for (
    ;
    found === indent && cursor.text.startsWith('- ', cursor.at + indent);
    found = skipToContent(cursor)
  ) {
    cursor.at += indent + 1
    take(cursor, BLANKS)
    items.push(lineValue(cursor, MAX_DEPTH))
  }
  if (items.length === 0 || (found === indent && cursor.text[cursor.at + indent] === '-')) return unusual()
  return endOf(cursor, indent, { kind: 'list', items, at })
}

/** What follows is less indented, or it is something that only the full parser can judge. */
function endOf(cursor: Cursor, indent: number, node: DocNode): DocNode {
  return skipToContent(cursor) <= indent ? node : unusual()
}

function lineValue(cursor: Cursor, depth: number): DocNode {
  const node = flowNode(cursor, depth, BLANKS)
  return take(cursor, END_OF_LINE) ? node : unusual()
}

function flowNode(cursor: Cursor, depth: number, gap: RegExp): DocNode {
  const first = cursor.text[cursor.at]
  if (first !== '[' && first !== '{') return scalar(cursor)
  if (depth > MAX_DEPTH) return unusual()
  const at = cursor.at++
  const items: DocNode[] = []
  const entries: DocEntry[] = []
  const close = first === '[' ? ']' : '}'
  for (take(cursor, gap); cursor.text[cursor.at] !== close; take(cursor, gap)) {
    if (first === '[') items.push(flowNode(cursor, depth + 1, gap))
    else entries.push(flowEntry(cursor, depth, gap))
    take(cursor, gap)
    if (cursor.text[cursor.at] === ',') cursor.at++
    else if (cursor.text[cursor.at] !== close) return unusual()
  }
  cursor.at++
  return first === '[' ? { kind: 'list', items, at } : { kind: 'map', entries, at }
}

function flowEntry(cursor: Cursor, depth: number, gap: RegExp): DocEntry {
  const key = scalar(cursor)
  if (cursor.text[cursor.at] !== ':' || !/[ \n]/.test(cursor.text[cursor.at + 1] ?? '')) return unusual()
  cursor.at++
  take(cursor, gap)
  return { key: key.text, at: key.at, value: flowNode(cursor, depth + 1, gap) }
}

function scalar(cursor: Cursor): DocNode & { kind: 'scalar' } {
  if (++cursor.parts > MAX_PARTS) return unusual()
  const at = cursor.at
  const quoted = take(cursor, DOUBLE) ?? take(cursor, SINGLE)
  if (quoted) return { kind: 'scalar', value: quoted[1]!, text: quoted[1]!, at }
  const text = take(cursor, PLAIN)?.[0] ?? unusual()
  return { kind: 'scalar', value: plainValue(text), text, at }
}

/** The core schema's types, as far as there is no doubt. */
function plainValue(text: string): string | number | boolean {
  if (text === 'true' || text === 'false') return text === 'true'
  if (/^(?:~|null|true|false|\.inf|\.nan)$/i.test(text)) return unusual()
  if (/^(?:0|[1-9]\d{0,14})$/.test(text)) return Number(text)
  // What begins like a number may be one in another notation, unless a letter or a second dot settles it.
  return /^\.?\d/.test(text) && !/^\d+[A-Za-df-wyzG]$|^\d+\.\d+\.\d/.test(text) ? unusual() : text
}
