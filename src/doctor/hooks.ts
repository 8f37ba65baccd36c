import { readFileSync } from 'node:fs'
import { hookPlace } from '../git/hooks/place.ts'
import { hookStates } from '../git/hooks/state.ts'
import { parentOf } from '../host/paths.ts'
import type { Check, Finding } from './types.ts'

export const hooks: Check = {
  id: 'hooks',
  about: "git hooks of agentbox: whether they are there, and this installation's",
  async run({ env, installDir, situation }) {
    const place = situation?.project.repository === undefined ? undefined : await hookPlace('.', env)
    if (place === undefined) return []
    const template = readFileSync(`${parentOf(installDir)}/hooks/hook.sh`, 'utf8')
    const programs = { node: process.execPath, agentbox: `${installDir}/agentbox.cjs` }
    const states = await hookStates(place, template, programs)
    const missing = states.filter(({ via }) => via === undefined).map(({ name }) => name)
    const outdated = states.filter((state) => state.outdated).map(({ name }) => name)
    return [
      ...told(
        missing,
        'not installed',
        'secrets are noticed at a launch only, and get into commits unnoticed',
      ),
      ...told(outdated, 'of another installation', 'they are silent as soon as that one is gone'),
    ]
  },
}

function told(names: readonly string[], what: string, why: string): Finding[] {
  if (names.length === 0) return []
  const problem = `git hooks that are ${what}: ${names.join(', ')}`
  return [{ check: 'hooks', severity: 'note', problem, why, mend: 'agentbox hooks install' }]
}
