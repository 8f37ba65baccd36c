import { cancel, confirm, isCancel, multiselect, select } from '@clack/prompts'
import { shown } from '../ui/escape.ts'
import { usualChoices, type Choices, type Findings, type Found } from './types.ts'

/** On stderr: stdout is for data. */
const output = process.stderr

/** Asks for what a file name cannot tell; undefined where the user goes away. Loaded only to ask. */
export async function askChoices(findings: Findings): Promise<Choices | undefined> {
  const usual = usualChoices(findings)
  const mode = await select({
    output,
    message: 'What may agents reach?',
    options: [
      { value: 'allow' as const, label: "the agent's own hosts, and what you list" },
      {
        value: 'none' as const,
        label: 'nothing at all',
        hint: 'agents with a model on the network will not work',
      },
    ],
  })
  if (isCancel(mode)) return undefined
  const allow = mode === 'none' ? [] : await askHosts(findings, usual)
  if (allow === undefined) return undefined
  const patterns = await askPatterns(findings)
  if (patterns === undefined) return undefined
  const substitute = await askSubstitute(findings)
  if (substitute === null) return undefined
  const readonly = await askReadonly(findings)
  if (readonly === undefined) return undefined
  return { mode, allow, patterns, substitute, readonly }
}

async function askHosts({ hosts }: Findings, { allow }: Choices): Promise<Found[] | undefined> {
  const all = [...allow, ...hosts]
  if (all.length === 0) return []
  const chosen = await multiselect({
    output,
    message: 'Which registries? (each is a grant, which you approve afterwards)',
    options: all.map(({ value, from }) => ({ value, label: shown(value), hint: shown(from) })),
    initialValues: allow.map(({ value }) => value),
    required: false,
  })
  return isCancel(chosen) ? undefined : all.filter(({ value }) => chosen.includes(value))
}

async function askPatterns({ unmasked }: Findings): Promise<string[] | undefined> {
  if (unmasked.length === 0) return []
  const chosen = await multiselect({
    output,
    message: 'These hold what looks like credentials and have no secret’s name. Which shall be masked?',
    options: unmasked.map(({ path, line, what }) => ({
      value: path,
      label: shown(path),
      hint: `line ${line}: ${what}`,
    })),
    initialValues: unmasked.map(({ path }) => path),
    required: false,
  })
  return isCancel(chosen) ? undefined : chosen
}

/** `null`: the user went away. */
async function askSubstitute({ example }: Findings): Promise<string | undefined | null> {
  if (example === undefined) return undefined
  const yes = await confirm({
    output,
    message: `Shall agents see ${example} in place of .env? (otherwise it reads as empty)`,
  })
  return isCancel(yes) ? null : yes ? example : undefined
}

async function askReadonly({ delicate }: Findings): Promise<string[] | undefined> {
  if (delicate.length === 0) return []
  const chosen = await multiselect({
    output,
    message: 'Which parts shall agents not change?',
    options: delicate.map((value) => ({ value, label: value })),
    initialValues: [],
    required: false,
  })
  return isCancel(chosen) ? undefined : chosen
}

/** Shows the whole text first. */
export async function askWrite(path: string, text: string): Promise<boolean> {
  output.write(`\n${text}\n`)
  const yes = await confirm({ output, message: `Write ${shown(path)}?` })
  if (isCancel(yes) || !yes) cancel('nothing was written', { output })
  return yes === true
}

export async function askHooks(): Promise<boolean> {
  const message =
    'Install the git hooks? They keep secrets out of commits, and masks in step (agentbox hooks)'
  return (await confirm({ output, message })) === true
}
