import { readdirSync } from 'node:fs'
import { readThroughLinks, realpathOf } from '../host/files.ts'
import type { Check, DoctorContext, Finding } from './types.ts'

export const editors: Check = {
  id: 'editors',
  about: 'editors that bring an agent of their own, or start one by its path',
  run: (context) => [...codeLike(context), ...agentServers(context)],
}

interface CodeLike {
  name: string
  /** Relative to the home. */
  extensions: string
  settings: readonly string[]
}

const CODE: readonly CodeLike[] = [
  { name: 'VS Code', extensions: '.vscode/extensions', settings: ['.config/Code/User/settings.json'] },
  {
    name: 'VS Code Insiders',
    extensions: '.vscode-insiders/extensions',
    settings: ['.config/Code - Insiders/User/settings.json'],
  },
  {
    name: 'VSCodium',
    extensions: '.vscode-oss/extensions',
    settings: ['.config/VSCodium/User/settings.json'],
  },
  { name: 'Cursor', extensions: '.cursor/extensions', settings: ['.config/Cursor/User/settings.json'] },
  {
    name: 'VS Code Server',
    extensions: '.vscode-server/extensions',
    settings: ['.vscode-server/data/Machine/settings.json', '.vscode-server/data/User/settings.json'],
  },
]

const WRAPPER = 'claudeCode.claudeProcessWrapper'

function codeLike({ facts, dirs }: DoctorContext): Finding[] {
  const wrap = `${dirs.data}/agentbox-wrap`
  return CODE.flatMap(({ name, extensions, settings }) => {
    const own = list(`${facts.home}/${extensions}`).some((entry) => entry.startsWith('anthropic.claude-code'))
    const set = settings
      .map((path) => wrapperIn(`${facts.home}/${path}`))
      .find((value) => value !== undefined)
    if (!own || (set !== undefined && reachesShim(set))) return []
    return [
      {
        check: 'editors',
        severity: 'warning' as const,
        problem:
          set === undefined
            ? `${name} runs its own copy of Claude Code`
            : `${name} starts Claude Code by ${set}`,
        why: 'that copy is in no PATH, so no shim stands before it: it runs without a box',
        mend: `in its settings: "${WRAPPER}": "${wrap}" (docs/editors.md)`,
      },
    ]
  })
}

/** Settings are JSON with comments: only this one value is looked for. */
function wrapperIn(path: string): string | undefined {
  const text = textOf(path).replaceAll(/^\s*\/\/.*$/gm, '')
  return /"claudeCode\.claudeProcessWrapper"\s*:\s*"([^"]*)"/.exec(text)?.[1]
}

const reachesShim = (path: string): boolean => realpathOf(path)?.endsWith('/shell/shim.sh') === true

const SERVERS: readonly [string, string, RegExp][] = [
  ['Zed', '.config/zed/settings.json', /"agent_servers"/],
  ['JetBrains', '.jetbrains/acp.json', /"agent_servers"/],
]

function agentServers({ facts }: DoctorContext): Finding[] {
  return SERVERS.flatMap(([name, path, agents]) => {
    const text = textOf(`${facts.home}/${path}`)
    if (!agents.test(text) || /agentbox/.test(text)) return []
    return [
      {
        check: 'editors',
        severity: 'note' as const,
        problem: `~/${path} has ${name} start agents`,
        why: 'a command that is a path, or one that the editor downloads, passes no shim',
        mend: 'start them by agentbox wrap (docs/editors.md)',
      },
    ]
  })
}

function list(dir: string): string[] {
  try {
    return readdirSync(dir)
  } catch {
    return []
  }
}

const textOf = (path: string): string => readThroughLinks(path, 2 ** 20)?.toString('utf8') ?? ''
