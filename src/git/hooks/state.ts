import { lstatOf } from '../../host/files.ts'
import { callGit } from '../call.ts'
import { textOf } from './managers.ts'
import { HOOKS, OLD, type HookName, type Programs } from './names.ts'
import type { HookPlace } from './place.ts'
import * as render from './render.ts'
import { isOurs } from './steps.ts'

export interface HookState {
  name: HookName
  /** How it gets to run; undefined if it does not. */
  via: 'file' | 'config' | 'husky' | 'lefthook' | 'pre-commit' | 'simple-git-hooks' | undefined
  /** A hook that was there before and is run first. */
  chains: boolean
  /** It names another installation of agentbox, or a node that is gone. */
  outdated: boolean
}

export async function hookStates(
  place: HookPlace,
  template: string,
  programs: Programs,
): Promise<HookState[]> {
  const configured = await configuredHooks(place.root)
  return HOOKS.map((name) => {
    const file = `${place.dir}/${name}`
    const stub = [file, `${file}.legacy`, `${file}.old`].find(isOurs)
    const via = viaOf(place, name, stub, configured.has(name))
    const current = stub === undefined ? configured.get(name) : textOf(stub)
    const wanted =
      stub === undefined ? render.configCommand(name, programs) : render.stub(template, name, programs)
    return {
      name,
      via,
      chains: stub !== undefined && lstatOf(`${file}${OLD}`) !== undefined,
      outdated: current !== undefined && current !== wanted,
    }
  })
}

function viaOf(
  { manager, configHooks }: HookPlace,
  name: HookName,
  stub: string | undefined,
  configured: boolean,
): HookState['via'] {
  if (configured && configHooks) return 'config'
  if (stub?.endsWith('.legacy') === true) return 'pre-commit'
  if (stub !== undefined && !stub.endsWith('.old')) return 'file'
  switch (manager?.kind) {
    case 'husky':
      return textOf(`${manager.dir}/${name}`).includes(render.sharedLine(name)) ? 'husky' : undefined
    case 'lefthook':
      return textOf(manager.local).includes(`hook ${name}`) && /agentbox/.test(textOf(manager.local))
        ? 'lefthook'
        : undefined
    case 'simple-git-hooks':
      return textOf(manager.file).includes(`agentbox hook ${name} `) ? 'simple-git-hooks' : undefined
    case 'pre-commit':
    case undefined:
      return undefined
  }
}

/** The commands of our own sections in the repository's config. */
export async function configuredHooks(cwd: string): Promise<Map<HookName, string>> {
  const args = ['config', '--local', '-z', '--get-regexp', String.raw`^hook\.agentbox-.*\.command$`]
  const { stdout } = await callGit({ cwd, args })
  const lines = stdout.toString('utf8').split('\0')
  return new Map(
    lines.flatMap((line) => {
      const end = line.indexOf('\n')
      const [key, value] = [line.slice(0, end), line.slice(end + 1)]
      const name = HOOKS.find((one) => key === `${render.configSection(one)}.command`)
      return name === undefined ? [] : [[name, value] as const]
    }),
  )
}
