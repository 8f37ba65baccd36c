import type { Advice } from '../git/hooks/steps.ts'
import type { HookState } from '../git/hooks/state.ts'
import { shown } from './escape.ts'

/** What `agentbox hooks` says. Pure. */

export function stateRows(states: readonly HookState[]): string[][] {
  return states.map(({ name, via, chains, outdated }) => [
    name,
    via === undefined ? 'not installed' : outdated ? 'of another installation' : 'installed',
    via === undefined ? '' : `${WAYS[via]}${chains ? ', after the hook that was there' : ''}`,
  ])
}

const WAYS: Record<NonNullable<HookState['via']>, string> = {
  file: 'in the hook directory',
  config: "in git's configuration",
  husky: 'by husky',
  lefthook: 'by lefthook',
  'pre-commit': 'by pre-commit',
  'simple-git-hooks': 'by simple-git-hooks',
}

export function adviceLines(advice: readonly Advice[], root: string): string[] {
  return advice.flatMap((one) => lines(one, root))
}

function lines(advice: Advice, root: string): string[] {
  switch (advice.kind) {
    case 'shared':
      return [
        advice.why === 'everywhere'
          ? `${shown(advice.dir)} holds the hooks of all your repositories (core.hooksPath): nothing was changed`
          : `${relative(advice.dir, root)} is tracked by git, so that hooks there are for everybody: nothing was changed`,
        '  install them there all the same: agentbox hooks install --write',
      ]
    case 'lines':
      return [
        `${advice.tool} manages the hooks here. Add to ${relative(advice.file, root)}, or let: agentbox hooks install --write`,
        ...advice.lines.map((line) => `  ${shown(line)}`),
      ]
    case 'run':
      return [`now let it take effect: ${advice.command}`]
    case 'conflict':
      return [
        `${relative(advice.path, root)} is another hook, and one that agentbox put aside is there as well (.agentbox-old): join or remove one, then try again`,
      ]
  }
}

function relative(path: string, root: string): string {
  return shown(path.startsWith(`${root}/`) ? path.slice(root.length + 1) : path)
}
