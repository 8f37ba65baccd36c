import { seccompProgram, type Arch } from './filter.ts'

/**
 * The bytes of `seccompProgram`. The build puts them in the place of this module, for to assemble them takes some
 * milliseconds of a launch.
 */
export const assembledProgram = (arch: Arch): Buffer => seccompProgram(arch)
