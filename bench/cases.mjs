// What is measured, in the order of the table. Adding something is adding a file and its line here.
//
// A part is `{ name, programs?, rows }`:
// - `programs(world)`: `{ name, argv, cwd, env }[]`, timed in turn with those of all other parts, each once a
//   round, so that a busy moment of the machine falls on all of them. Names are unique over all parts.
// - `rows(world, at)`: the lines of the table, also as a promise; what cannot be timed as a whole program is
//   measured here. `at(name)` has the medians of a program, of any part: `ms`, `kb`, and quarter points `low`, `high`.
//
// A row is `{ text, value, unit, digits?, against?, ratio?, aim?, ok? }`: `ratio` is the figure that `--check` holds
// against the kept one, since times of two machines cannot be compared; `ok: false` is a missed aim.
import { floor } from './parts/floor.mjs'
import { git } from './parts/git.mjs'
import { live } from './parts/live.mjs'
import { launch } from './parts/launch.mjs'
import { network } from './parts/network.mjs'
import { peers } from './parts/peers.mjs'
import { scan } from './parts/scan.mjs'
import { shell } from './parts/shell.mjs'
import { shim } from './parts/shim.mjs'

export const parts = [floor, launch, live, network, shim, shell, scan, git, peers]
