import { describe } from 'vitest'
import { matrix, setups } from './matrix.ts'

// Every fish reads config.fish, scripts too, and there is no prompt at which to look at what was written
// behind our line.
const behind = ['login', '-c', '-i -c', 'script of this shell', 'tmux pane']

describe('boxed exactly when it should be, from fish:', () => {
  matrix('fish', setups, {
    'alias after': behind,
    'function after': behind,
    'shims late in PATH': [...behind, 'exec'],
  })
})
