import { hook } from './commands/hook.ts'
import { start } from './start.ts'

void start([hook])
