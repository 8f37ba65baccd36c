import { expect, it } from 'vitest'
import { steeringVariables } from '../../src/config/values.ts'
import { safeEnv, safeSettings } from '../../src/git/safe.ts'
import { etcEntries, procHidden, procReadOnly, procReadOnlyForRoot } from '../../src/host/system.ts'
import { agents } from '../../src/policy/agents/index.ts'
import { ceilingOf, foundationOf, wholesOf, writeCeilingOf } from '../../src/policy/baseline.ts'
import { passedAlways } from '../../src/policy/env.ts'
import { byHandDirectories, byHandNames } from '../../src/protect/by-hand.ts'
import { protectedNames } from '../../src/protect/names.ts'

/**
 * The tables that decide by name have nothing but themselves to be held against: a row that is lost would be missed
 * by nobody. So all of them are in docs/lists.md, where a change shows. To renew it:
 * npx vitest run --project unit test/unit/lists.test.ts -u
 */
const names = (list: readonly string[]): string =>
  list.length === 0 ? 'nothing' : list.map((name) => `\`${name}\``).join(' ')

const byRunner = (table: Readonly<Record<string, readonly string[]>>): string =>
  Object.entries(table)
    .map(([runBy, list]) => `- ${runBy}: ${names(list)}`)
    .join('\n')

const directories = Object.entries(byHandDirectories).map(([dir, runBy]) => `- ${runBy}: \`${dir}/\``)

const states = agents.map(
  ({ name, readonly, synced, seeds, env, set, system, managed }) => `### ${name}

- read-only: ${names(readonly)}
- log-ins, kept equal on both sides: ${names(synced)}
- a copy of the box's own: ${names(seeds.map(({ path }) => path))}
- variables that are passed: ${names(env)}
- an administrator's settings, read-only: ${names(system === undefined ? [] : [system])}
- set or put there: ${names([...Object.keys(set), ...Object.keys(managed)])}
`,
)

const page = `# Lists

What agentbox decides by name, in full. Made from the tables in the code: a change of one shows here. Secrets have
[a page of their own](masks.md), so have [network presets](network.md); what stands in front of these lists is in
[the box](box.md) and [the policy](policy.md).

## What would run outside by itself

Read-only where it exists, moved to quarantine where it appears. \`*\` is anything; a name counts at any depth.

${byRunner(protectedNames)}

## What people run by hand

May be changed, and is named at the end of a session. These, and any change in the directories below them.

${byRunner(byHandNames)}
${directories.join('\n')}

## The ceiling

Granted to no repository, neither for reading nor for writing, with whatever is in them:

${names(ceilingOf('~'))}

Writable for no repository:

${names(writeCeilingOf('~'))}

Never granted as a whole: ${names(wholesOf('~'))}

Opened by nobody, not even your own configuration: ${names(foundationOf('~'))}

## Variables

From your environment every box gets:

${names(passedAlways)}

A repository's \`env.set\` may not set these, nor any of the agents':

${names(steeringVariables)}

## The system

Of \`/etc\`: ${names(etcEntries)}

Of \`/proc\` read-only: ${names(procReadOnly)}; for root also ${names(procReadOnlyForRoot)}

Of \`/proc\` empty, where you could read it: ${names(procHidden)}

## What a box has of an agent's own state

${states.join('\n')}
## How agentbox itself runs git

Settings: ${names(safeSettings)}

Environment: ${names(Object.entries(safeEnv).map(([name, value]) => `${name}=${value}`))}
`

it('docs/lists.md is in step with the tables', async () => {
  await expect(page).toMatchFileSnapshot('../../docs/lists.md')
})
