import { describe } from 'vitest'
import { matrix, setups } from './matrix.ts'

// No prompt comes before the command of `zsh -i -c`, so nothing looks at what was written behind our line.
const behind = ['-i -c']

describe('boxed exactly when it should be, from zsh:', () => {
  matrix('zsh', setups, {
    'alias after': behind,
    'function after': behind,
    'shims late in PATH': behind,
  })
})
