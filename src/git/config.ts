/** The few things agentbox must know from a git config file, without running git. Pure. */

export interface GitSetting {
  /** `section` or `section.subsection`, section in lower case. */
  section: string
  /** In lower case. */
  key: string
  value: string
}

const HEADER = /^\s*\[\s*([A-Za-z0-9.-]+)(?:\s+"((?:[^"\\]|\\.)*)")?\s*\]/
const ASSIGNMENT = /^\s*([A-Za-z][A-Za-z0-9-]*)\s*(?:=\s*(.*))?$/s

/** Parses a config file as git does, as far as single values go; lines it cannot read are left out. */
export function parseGitConfig(text: string): GitSetting[] {
  const settings: GitSetting[] = []
  let section = ''
  for (const line of logicalLines(text)) {
    const header = HEADER.exec(line)
    const rest = header === null ? line : line.slice(header[0].length)
    if (header !== null) {
      const sub = header[2]?.replaceAll(/\\(.)/gs, '$1')
      section = header[1]!.toLowerCase() + (sub === undefined ? '' : `.${sub}`)
    }
    const assignment = ASSIGNMENT.exec(rest)
    if (assignment === null || /^\s*[#;]/.test(rest)) continue
    settings.push({ section, key: assignment[1]!.toLowerCase(), value: valueOf(assignment[2] ?? 'true') })
  }
  return settings
}

/** The last value of a setting, as git takes it. */
export function lastValue(settings: readonly GitSetting[], section: string, key: string): string | undefined {
  return settings.findLast((setting) => setting.section === section && setting.key === key)?.value
}

/** Joins lines that end in an odd number of backslashes with the next one. */
function logicalLines(text: string): string[] {
  const out: string[] = []
  let open = ''
  for (const raw of text.replaceAll('\r\n', '\n').split('\n')) {
    const line = open + raw
    const continued = /(?:^|[^\\])(?:\\\\)*\\$/.test(line)
    open = continued ? line.slice(0, -1) : ''
    if (!continued) out.push(line)
  }
  return open === '' ? out : [...out, open]
}

function valueOf(raw: string): string {
  let out = ''
  let quoted = false
  let end = 0
  for (let at = 0; at < raw.length; at++) {
    const char = raw[at]!
    if (char === '"') quoted = !quoted
    else if (char === '\\') out += unescape(raw[++at] ?? '')
    else if (!quoted && (char === '#' || char === ';')) break
    else out += char
    if (quoted || !/\s/.test(char)) end = out.length
  }
  return out.slice(0, end)
}

function unescape(char: string): string {
  return char === 'n' ? '\n' : char === 't' ? '\t' : char === 'b' ? '\b' : char
}
