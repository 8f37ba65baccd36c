import { serveBox } from './process.ts'

serveBox()
