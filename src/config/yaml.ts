import { Composer, isAlias, isMap, isScalar, isSeq, Lexer, Parser, type CST, type ParsedNode } from 'yaml'
import {
  MAX_DEPTH,
  MAX_PARTS,
  type DocEntry,
  type DocNode,
  type DocProblem,
  type Reading,
} from './document.ts'

/** The scalars of a policy with the marks, blanks and comments between them; each takes up to 20 µs. */
const MAX_LEXEMES = 5 * MAX_PARTS

/** What this reader throws to itself; nothing of it leaves `readYaml`. */
class Refused extends Error {
  readonly found: DocProblem

  constructor(at: number, problem: string, hint?: string) {
    super(problem)
    this.found = { at, problem, hint }
  }
}

/**
 * Reads one YAML 1.2 (or JSON) document that is data and nothing else: no anchors, aliases, tags,
 * directives, further documents. It never expands anything, so its work is bounded by the text's length.
 */
export function readYaml(text: string): Reading {
  try {
    const composer = new Composer({ version: '1.2', schema: 'core', uniqueKeys: false, logLevel: 'silent' })
    const [document, second] = [...composer.compose(tokensOf(text), true, text.length)]
    if (second) throw new Refused(second.range[0], 'is a second document: a policy is one')
    const trouble = document?.errors[0] ?? document?.warnings[0]
    if (trouble) throw new Refused(trouble.pos[0], yamlProblem(trouble.message), troubleHint(trouble.message))
    if (!document?.contents) throw new Refused(0, 'is empty', 'begin with version: 1')
    return { document: nodeOf(document.contents, 0) }
  } catch (error) {
    if (error instanceof Refused) return { refused: [error.found] }
    return { refused: [{ at: 0, problem: `cannot be parsed (${(error as Error).message})` }] }
  }
}

/**
 * The composer recurses, and deep input makes V8 abort the whole process ("RegExpCompiler Allocation
 * failed"), which nothing can catch. The parser before it does not recurse, so depth is measured there.
 */
function* tokensOf(text: string): Generator<CST.Token> {
  const parser = new Parser()
  let count = 0
  for (const lexeme of new Lexer().lex(text)) {
    if (++count > MAX_LEXEMES) throw new Refused(parser.offset, 'has too many parts for a policy')
    for (const token of parser.next(lexeme)) yield checked(token)
    // A level of the document takes up to two places: the collection and its entry's value.
    if (parser.stack.length > 2 * MAX_DEPTH) throw new Refused(parser.offset, 'is nested too deeply')
  }
  for (const token of parser.end()) yield checked(token)
}

function checked(token: CST.Token): CST.Token {
  if (token.type === 'directive') throw new Refused(token.offset, 'has a % directive', 'leave it out')
  return token
}

function nodeOf(node: ParsedNode | null, depth: number): DocNode {
  const at = node?.range[0] ?? 0
  if (!node) return { kind: 'scalar', value: null, text: '', at }
  if (depth > MAX_DEPTH) throw new Refused(at, 'is nested too deeply')
  if (isAlias(node)) throw new Refused(at, `uses the alias *${node.source}`, quoteIt(`*${node.source}`))
  if (node.anchor !== undefined) throw new Refused(at, `has the anchor &${node.anchor}`, 'leave it out')
  if (isScalar(node)) return scalarOf(node, at)
  if (node.tag !== undefined) throw new Refused(at, `has the tag ${node.tag}`, 'leave it out')
  if (isSeq(node)) return { kind: 'list', items: node.items.map((item) => nodeOf(item, depth + 1)), at }
  if (!isMap(node)) throw new Refused(at, 'is neither a map, a list nor a plain value')
  return { kind: 'map', entries: node.items.map((pair) => entryFrom(pair, depth)), at }
}

function scalarOf(node: ParsedNode & { value: unknown; source?: string; tag?: string }, at: number): DocNode {
  if (node.tag !== undefined) throw new Refused(at, `has the tag ${node.tag}`, 'leave it out')
  const { value } = node
  const text = node.source ?? ''
  if (
    value === null ||
    typeof value === 'string' ||
    typeof value === 'number' ||
    typeof value === 'boolean'
  ) {
    return { kind: 'scalar', value, text, at }
  }
  throw new Refused(at, 'is not a plain value')
}

function entryFrom(pair: { key: ParsedNode; value: ParsedNode | null }, depth: number): DocEntry {
  const key = nodeOf(pair.key, depth + 1)
  if (key.kind !== 'scalar') throw new Refused(key.at, 'is a key that is not plain text')
  const value = nodeOf(pair.value, depth + 1)
  const absent = value.kind === 'scalar' && value.value === null && value.text === ''
  return { key: key.text, at: key.at, value: absent ? { ...value, at: key.at } : value }
}

/** Patterns and presets begin with characters that mean something to YAML. */
function troubleHint(message: string): string | undefined {
  return /^Alias cannot|cannot start with/.test(message)
    ? 'quote it if text is meant: "@npm", "*"'
    : undefined
}

function quoteIt(text: string): string {
  return `if a pattern is meant, quote it: "${text}"`
}

function yamlProblem(message: string): string {
  const [first = ''] = message.split('\n')
  return `is not valid YAML: ${first.slice(0, 120).replace(/[.:]$/, '')}`
}
