import { defineConfig } from 'vitest/config'

const project = (name: string, testTimeout: number) => ({
  test: { name, include: [`test/${name}/**/*.test.ts`], testTimeout, hookTimeout: 120_000 },
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
