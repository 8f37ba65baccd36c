import { defineConfig } from 'vitest/config'

/** Set in an emulated machine; see test/support/spawn.ts. */
const SLOWNESS = Number(process.env['SLOWNESS'] ?? 1)

/**
 * `workers`: files at a time. The groups run one after the other, in this order. Limits of time are for what hangs: a
 * machine that does much else needs ten times as long as usual.
 */
const project = (name: string, testTimeout: number, workers: number, groupOrder: number) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    testTimeout: testTimeout * SLOWNESS,
    hookTimeout: 300_000 * SLOWNESS,
    maxWorkers: workers,
    sequence: { groupOrder },
  },
})

// One folder a project. Everything but `unit` runs the built program (dist/), so build first. What looks at the whole
// machine (its networks, its limits, what is left in it) has it for itself.
export default defineConfig({
  test: {
    projects: [
      project('containment', 300_000, 1, 0),
      project('integration', 180_000, 1, 1),
      project('e2e', 300_000, 2, 2),
      project('unit', 60_000, 2, 3),
    ],
  },
})
