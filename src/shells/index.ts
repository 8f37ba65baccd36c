import { bash } from './bash.ts'
import { fish } from './fish.ts'
import type { Shell } from './types.ts'
import { zsh } from './zsh.ts'

export const shells: readonly Shell[] = [bash, zsh, fish]

export const shellNamed = (name: string): Shell | undefined => shells.find((shell) => shell.name === name)
