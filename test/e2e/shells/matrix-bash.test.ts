import { describe } from 'vitest'
import { matrix, setups } from './matrix.ts'

// No prompt comes before the command of `bash -i -c`, so nothing looks at what was written behind our line.
const behind = ['-i -c']

describe('boxed exactly when it should be, from bash:', () => {
  matrix('bash', setups, {
    'alias after': behind,
    'function after': behind,
    'shims late in PATH': behind,
  })
})
