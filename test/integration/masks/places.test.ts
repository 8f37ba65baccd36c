import { lstatSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { expect, it } from 'vitest'
import { bornKey, placesOf } from '../../../src/masks/hard-links.ts'

it('finds a file by its number and its time of birth, and none that was given the number later', () => {
  const root = mkdtempSync(`${tmpdir()}/agentbox-places-`)
  try {
    writeFileSync(`${root}/a`, '')
    const stat = lstatSync(`${root}/a`, { bigint: true })
    expect(placesOf(new Set([bornKey(stat)]), [root]).found).toEqual([`${root}/a`])
    const earlier = Object.assign(stat, { birthtimeNs: stat.birthtimeNs - 1n })
    expect(placesOf(new Set([bornKey(earlier)]), [root]).found).toEqual([])
  } finally {
    rmSync(root, { recursive: true })
  }
})
