import { lintSource } from '@secretlint/core'
import { creator } from '@secretlint/secretlint-rule-preset-recommend'
import { credentialRules } from './credential-rules.ts'

/** A bundle of its own: the rules are a megabyte, which only a commit and a search need. */

/** Never holds the secret itself, nor a part of it. */
export interface Credential {
  /** The rule's name, without its maker's prefix. */
  rule: string
  what: string
  line: number
}

const CONFIG = { rules: [{ id: '@secretlint/secretlint-rule-preset-recommend', rule: creator }] }

/** A text without any of these has nothing that the preset's rules find; each of them costs more than this. */
const PRESET_HINT =
  /A3T|AKIA|A[GIRSN][DPO][AI]|ASIA|access_?key|account|PRIVATE.KEY|private_key|x-oauth-basic|_authToken|npm_|xox[a-z]-|xapp-|hooks\.slack\.com|:\/\/[^\s/:@]{1,256}:[^\s/@]{1,256}@|T3BlbkFJ|lin_api_|SG\.|shp(?:pa|ca|at|ss)_|gh[pousr]_|github_pat_|ops_ey/i

const WHAT: Record<string, string> = {
  aws: 'AWS credential',
  basicauth: 'password in an address',
  gcp: 'Google Cloud service account key',
  privatekey: 'private key',
  '1password': '1Password service account token',
}

/** Someone who writes this has looked at it; the others are what well-known scanners obey. */
const ALLOWED = /agentbox:\s*allow-secret|pragma:\s*allowlist[- ]secret|gitleaks:allow/i

/** What in a text looks like a credential, by line; without what a comment on the line or above it allows. */
export async function findCredentials(path: string, content: Buffer): Promise<Credential[]> {
  const text = textOf(content)
  if (text === undefined) return []
  const found = [...(await findingsIn(path, text)), ...(await encodedFindings(path, text))]
  if (found.length === 0) return []
  const lines = text.split('\n')
  const allowed = (line: number): boolean =>
    ALLOWED.test(lines[line - 1] ?? '') || (line > 1 && ALLOWED.test(lines[line - 2] ?? ''))
  const seen = new Set<string>()
  return found
    .filter(({ rule, line }) => {
      const known = seen.has(`${rule} ${line}`)
      seen.add(`${rule} ${line}`)
      return !known && !allowed(line)
    })
    .toSorted((a, b) => a.line - b.line)
}

/** Undefined for what is no text; UTF-16 is, as editors on Windows write it. */
function textOf(content: Buffer): string | undefined {
  const [first, second] = content
  if (first === 0xff && second === 0xfe) return content.subarray(2).toString('utf16le')
  if (first === 0xfe && second === 0xff) {
    const even = Buffer.from(content.subarray(2, content.length - (content.length % 2)))
    return even.swap16().toString('utf16le')
  }
  return content.subarray(0, 8192).includes(0) ? undefined : content.toString('utf8')
}

async function findingsIn(path: string, text: string): Promise<Credential[]> {
  return [...ownFindings(text), ...(PRESET_HINT.test(text) ? await presetFindings(path, text) : [])]
}

/** A value in base64, as a Kubernetes `Secret` has it, and not what is longer than a key. */
const ENCODED = /(?<![A-Za-z0-9+/=])[A-Za-z0-9+/]{24,6000}={0,2}(?![A-Za-z0-9+/=])/g
/** More of them are data. */
const MOST_ENCODED = 200
// oxlint-disable-next-line no-control-regex
const PRINTABLE = /^[\t\n\r\x20-\x7e]+$/

async function encodedFindings(path: string, text: string): Promise<Credential[]> {
  const out: Credential[] = []
  for (const [index, { 0: value, index: at }] of [...text.matchAll(ENCODED)].entries()) {
    if (index === MOST_ENCODED) break
    const decoded = Buffer.from(value, 'base64').toString('latin1')
    if (!PRINTABLE.test(decoded)) continue
    const line = lineOf(text, at)
    const found = await findingsIn(path, decoded)
    out.push(...found.map(({ rule, what }) => ({ rule, what: `${what}, in base64`, line })))
  }
  return out
}

async function presetFindings(path: string, text: string): Promise<Credential[]> {
  const name = path.slice(path.lastIndexOf('/') + 1)
  const source = {
    filePath: path,
    content: text,
    ext: name.slice(name.lastIndexOf('.')),
    contentType: 'text' as const,
  }
  const { messages } = await lintSource({ source, options: { config: CONFIG, maskSecrets: true } })
  return messages.map(({ ruleId, loc }) => {
    const rule = ruleId.replace(/^.*secretlint-rule-/, '')
    return { rule, what: WHAT[rule] ?? `${rule} token`, line: loc.start.line }
  })
}

function ownFindings(text: string): Credential[] {
  return credentialRules.flatMap(({ id, what, pattern }) =>
    [...text.matchAll(pattern)].map(({ index }) => ({ rule: id, what, line: lineOf(text, index) })),
  )
}

function lineOf(text: string, index: number): number {
  let line = 1
  for (let at = text.indexOf('\n'); at >= 0 && at < index; at = text.indexOf('\n', at + 1)) line++
  return line
}
