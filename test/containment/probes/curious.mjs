// The curious script. One line a probe: PASS|FAIL|WARN|SKIP name detail, and at the end how many.
// Arguments choose groups of probes; without any, all of them.
import { compiled, kernel, network } from './kernel.mjs'
import { world } from './lib.mjs'
import { limits } from './limits.mjs'
import { live } from './live.mjs'
import { places } from './places.mjs'
import { agentState, plant } from './plant.mjs'
import { processes } from './process.mjs'
import { routes } from './routes.mjs'

const groups = {
  places,
  routes,
  processes,
  kernel,
  network,
  calls: () => compiled('calls', [`${world.place}/.env`, world.place, world.handle]),
  ipc: () => compiled('ipc', [world.ipc.key, world.ipc.queue, world.ipc.serial]),
  limits,
  plant,
  agents: agentState,
  live,
}

const chosen = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(groups)
let count = 0
for (const group of chosen) {
  for (const [name, probe] of groups[group]()) {
    const { verdict, detail } = await attempt(probe)
    console.log(`${verdict} ${name} ${JSON.stringify(detail)}`)
    count++
  }
}
console.log(`DONE ${count}`)

/** A probe that breaks has shown nothing. */
async function attempt(probe) {
  try {
    return await probe()
  } catch (error) {
    return { verdict: 'FAIL', detail: `the probe broke: ${error.stack}` }
  }
}
