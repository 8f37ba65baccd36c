import { entryText, readEntry } from '../network/rules/entry.ts'
import { presets } from '../network/rules/presets.ts'

const USUAL = new Set(Object.values(presets).flatMap(({ hosts }) => hosts))

/** Lines that name a registry: in .npmrc, .yarnrc, pip's, poetry's, Bundler's, NuGet's and Composer's words. */
const LINE = /registry|npmRegistryServer|index-url|find-links|^\s*url\s*[=:]|^\s*source\b|<add\b|"url"/i

/**
 * Hosts of registries that a configuration names, without the usual ones. The text is the repository's, so
 * what comes of it is offered and never taken. Pure.
 */
export function registryHosts(text: string): string[] {
  const found = text
    .split('\n')
    .filter((line) => line.length < 2000 && LINE.test(line) && !/^\s*[#;]/.test(line))
    .flatMap((line) =>
      [...line.matchAll(/https?:\/\/(?:[^\s/"'@]*@)?([^\s/"'@<>)]+)/g)].map(([, host]) => host!),
    )
    .flatMap((host) => {
      const entry = readEntry(host.toLowerCase())
      return entry.kind === 'name' && !entry.below ? [entryText(entry).replace(/:443$/, '')] : []
    })
  return [...new Set(found)].filter((host) => !USUAL.has(host)).toSorted()
}
