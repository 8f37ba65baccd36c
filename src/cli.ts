import { commands } from './commands/index.ts'
import { start } from './start.ts'

/** Every command. `run.ts` is the same for launching alone. */
void start(commands)
