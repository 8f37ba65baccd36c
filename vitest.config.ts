import { defineConfig } from 'vitest/config'

/** Set in an emulated machine; see test/support/spawn.ts. */
const SLOWNESS = Number(process.env['SLOWNESS'] ?? 1)

/**
 * `workers`: files at a time. The groups run one after the other, in this order. Limits of time are for what hangs: a
 * machine that does much else needs ten times as long as usual.
 */
const project = (
  name: string,
  testTimeout: number,
  workers: number,
  groupOrder: number,
  { include = [`test/${name}/**/*.test.ts`], exclude = [] as string[], isolate = true } = {},
) => ({
  test: {
    name,
    include,
    exclude,
    isolate,
    testTimeout: testTimeout * SLOWNESS,
    hookTimeout: 300_000 * SLOWNESS,
    maxWorkers: workers,
    sequence: { groupOrder },
  },
})

/** Of the integration tests those that look at the whole machine: its networks, limits, processes; and who builds anew. */
const alone = [
  'test/integration/{hand,launcher,native,network,session}/**/*.test.ts',
  'test/integration/package.test.ts',
]

// One folder a project, but for what needs the machine for itself. Everything but `unit` runs the built program (dist/),
// so build first.
export default defineConfig({
  test: {
    projects: [
      project('containment', 300_000, 1, 0),
      project('alone', 180_000, 1, 1, { include: alone }),
      project('integration', 180_000, 2, 2, { exclude: alone }),
      project('e2e', 300_000, 2, 3),
      // These change nothing of their process.
      project('unit', 60_000, 2, 4, { isolate: false }),
    ],
  },
})
