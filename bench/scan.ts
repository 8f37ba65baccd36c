// The scan of a launch as a process of its own: node scan.cjs DIRECTORY
import { compileMatcher } from '../src/masks/patterns.ts'
import { scanTree, skipVendored } from '../src/masks/scan.ts'

const { interesting } = compileMatcher({ patterns: [], except: [] })
const { entries, files } = scanTree([process.argv[2]!], { interesting, skip: skipVendored })
process.stdout.write(`${files} files, ${entries.length} names to look at\n`)
