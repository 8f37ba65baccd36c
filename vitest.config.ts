import { defineConfig } from 'vitest/config'

/** Set in an emulated machine; see test/support/spawn.ts. */
const SLOWNESS = Number(process.env['SLOWNESS'] ?? 1)

const project = (name: string, testTimeout: number) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    testTimeout: testTimeout * SLOWNESS,
    hookTimeout: 120_000 * SLOWNESS,
  },
})

// One folder a project. Everything but `unit` runs the built program (dist/), so build first.
export default defineConfig({
  test: {
    projects: [
      project('unit', 20_000),
      project('integration', 60_000),
      project('e2e', 120_000),
      project('containment', 120_000),
    ],
  },
})
