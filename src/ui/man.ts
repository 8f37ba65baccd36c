import type { Command, Option } from '../commands/types.ts'

/** The manual page, from the table of commands: `man/agentbox.1`, in the language of man(7). Pure. */
export function manPage(commands: readonly Command[], version: string): string {
  const shown = commands.filter(({ hidden }) => hidden !== true)
  return `.\\" Made by the build from the table of commands.
.TH AGENTBOX 1 "" "agentbox ${roff(version)}" "User Commands"
.SH NAME
agentbox \\- coding agents in a bubblewrap sandbox
.SH SYNOPSIS
.B agentbox
.I COMMAND
[OPTIONS] \\&...
.SH DESCRIPTION
In a repository that holds a policy,
.BR .agentboxrc ,
coding agents such as claude, codex and gemini run inside a sandbox made by
.BR bwrap (1).
They see the project, tools and their own state, but neither the rest of the home directory nor the contents of
secret files. Elsewhere they run as always.
.SH COMMANDS
${shown.map(oneCommand).join('')}.SH EXIT STATUS
That of the command in the box, or 128 + n after signal n. 125: agentbox itself refused or failed, 126: found but
not runnable, 127: not found, 2: wrong usage, 1: findings.
.SH ENVIRONMENT
.TP
.B AGENTBOX_BYPASS
1: start agents without their box, loudly; refused under bypass: never.
.TP
.B AGENTBOX_QUIET
Not empty: activated shells tell nothing.
.TP
.B AGENTBOX_ACTIVE
Set by activated shells in a directory that is boxed: the directory of its policy.
.SH FILES
.TP
.I .agentboxrc
The policy of a repository.
.TP
.I ~/.config/agentbox/config.yaml
The user's own.
.TP
.I ~/.local/share/agentbox/shims
Commands named like the agents; first in PATH.
.SH SEE ALSO
.BR bwrap (1),
the docs directory of the package
`
}

function oneCommand({ name, usage, summary, options, examples }: Command): string {
  const rows = Object.entries(options).map(oneOption).join('')
  const uses = examples.map((example) => `${roff(example)}\n`).join('')
  return `.SS "agentbox ${roff([name, usage].join(' ').trim())}"
${line(`${summary}.`)}
${rows}.PP
.EX
${uses}.EE
`
}

function oneOption([name, { short, type, value, choices, about }]: [string, Option]): string {
  const dash = `${short === undefined ? '' : `\\-${short}, `}\\-\\-${name.replaceAll('-', '\\-')}`
  const what = type === 'string' ? ` \\fI${roff(value ?? 'VALUE')}\\fR` : ''
  const among = choices === undefined ? '' : ` (${choices.join(', ')})`
  return `.TP\n\\fB${dash}\\fR${what}\n${line(about + among)}\n`
}

/** A line of text must not begin like a request. */
const line = (text: string): string => roff(text).replace(/^(?=[.'])/, '\\&')

function roff(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('…', '...')
    .replaceAll('"', '\\(dq')
    .replaceAll('–', '\\(en')
}
