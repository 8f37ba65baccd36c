import { run } from './commands/run.ts'
import { start } from './start.ts'

void start([run])
