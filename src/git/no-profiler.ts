/**
 * Stands in for `@secretlint/profiler` in the bundle (scripts/build.mjs): that keeps every mark of a run and
 * looks through all of them at each new one, so that 5,000 files take 80 seconds instead of one.
 */
export const secretLintProfiler = { mark: (): void => {} }
