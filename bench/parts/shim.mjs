// An agent's command outside of any boxed repository.
import path from 'node:path'
import { ms, program, signed } from './rows.mjs'

const aims = { ms: 4 }

export const shim = {
  name: 'shim',
  programs: (world) => {
    const { shims, programs, outside } = world.shims
    const PATH = `${shims}:${programs}:/usr/local/bin:/usr/bin:/bin`
    return [
      program(world, 'bare', [path.join(programs, 'claude')], { cwd: outside }),
      program(world, 'shim', [path.join(shims, 'claude')], { cwd: outside, env: { PATH } }),
    ]
  },
  rows: (_world, at) => {
    const added = at('shim').ms - at('bare').ms
    return [
      ms('a program by itself', at('bare').ms),
      ms('through the shim, no policy', at('shim').ms, {
        against: `${signed(added)} ms`,
        ratio: at('shim').ms / at('bwrap').ms,
        aim: `≤ +${aims.ms} ms`,
        ok: added <= aims.ms,
      }),
    ]
  },
}
