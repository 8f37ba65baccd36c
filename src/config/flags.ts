import type { DocNode, DocPath } from './document.ts'
import { fail, type PolicyIssue } from '../errors.ts'
import { checkDocument, type ParsedLayer } from './parse.ts'

/** What the options of a command say about the policy. Lists are repeated options. */
export interface PolicyFlags {
  read?: readonly string[] | undefined
  write?: readonly string[] | undefined
  readonly?: readonly string[] | undefined
  hide?: readonly string[] | undefined
  home?: string | undefined
  mask?: readonly string[] | undefined
  except?: readonly string[] | undefined
  show?: string | undefined
  network?: string | undefined
  allow?: readonly string[] | undefined
  pass?: readonly string[] | undefined
  ssh?: string | undefined
  memory?: string | undefined
  processes?: string | undefined
  tmp?: string | undefined
}

const KEYS: Record<keyof PolicyFlags, string> = {
  read: 'filesystem.read',
  write: 'filesystem.write',
  readonly: 'filesystem.readonly',
  hide: 'filesystem.hide',
  home: 'filesystem.home',
  mask: 'masks.patterns',
  except: 'masks.except',
  show: 'masks.show',
  network: 'network.mode',
  allow: 'network.allow',
  pass: 'env.pass',
  ssh: 'ssh',
  memory: 'limits.memory',
  processes: 'limits.processes',
  tmp: 'limits.tmp',
}

/**
 * The options as the innermost layer, checked like a file; undefined if there are none. Relative paths
 * start from `cwd`. Fails with `option-invalid`; the "file" of a value is its option.
 */
export function flagLayer(flags: PolicyFlags, cwd: string): ParsedLayer | undefined {
  const given = (Object.keys(KEYS) as (keyof PolicyFlags)[]).filter((flag) => flags[flag] !== undefined)
  if (given.length === 0) return undefined
  const document: DocNode = {
    kind: 'map',
    entries: [{ key: 'version', at: -1, value: scalar(1, -1) }],
    at: -1,
  }
  for (const flag of given)
    put(document, KEYS[flag].split('.'), valueOf(flag, flags[flag]!, given.indexOf(flag)))
  const place = (at: number) => ({ file: `--${given[at] ?? ''}` })
  const checked = checkDocument(document, 'flag', place)
  if ('issues' in checked) return invalid(checked.issues)
  const optionAt = (path: DocPath) =>
    given.findIndex((flag) => `${path.join('.')}.`.startsWith(`${KEYS[flag]}.`))
  return { layer: 'flag', file: 'options', dir: cwd, rc: checked.rc, place: (path) => place(optionAt(path)) }
}

/** What is wrong with a policy; where it is the call's own options alone, that is a mistake in the call. */
export function invalid(issues: PolicyIssue[]): never {
  const ofOptions = issues.every(({ file }) => file.startsWith('--'))
  return fail({ code: ofOptions ? 'option-invalid' : 'policy-invalid', issues })
}

function scalar(value: string | number, at: number): DocNode {
  return { kind: 'scalar', value, text: String(value), at }
}

function valueOf(flag: keyof PolicyFlags, value: string | readonly string[], at: number): DocNode {
  if (typeof value !== 'string') return { kind: 'list', items: value.map((item) => scalar(item, at)), at }
  return scalar(flag === 'processes' && /^\d+$/.test(value) ? Number(value) : value, at)
}

function put(node: DocNode, [key = '', ...rest]: string[], value: DocNode): void {
  if (node.kind !== 'map') return
  const entry = node.entries.find((known) => known.key === key)
  if (rest.length === 0) node.entries.push({ key, at: value.at, value })
  else if (entry) put(entry.value, rest, value)
  else {
    const section: DocNode = { kind: 'map', entries: [], at: value.at }
    node.entries.push({ key, at: value.at, value: section })
    put(section, rest, value)
  }
}
