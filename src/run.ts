import { run } from './commands/run.ts'
import { start } from './start.ts'

// Not left to the event loop: what is still open there is of no use to anybody, and taking it down piece by piece
// takes some milliseconds. Everything that was written has been: pipes and terminals are written synchronously.
void start([run]).then(() => process.exit())
