import { masks } from './commands/masks.ts'
import { plan } from './commands/plan.ts'
import { run } from './commands/run.ts'
import { scan } from './commands/scan.ts'
import { schema } from './commands/schema.ts'
import { shims } from './commands/shims.ts'
import { start } from './start.ts'

/** Every command, in the order of the help. `run.ts` is the same for launching alone. */
void start([run, masks, scan, plan, schema, shims])
