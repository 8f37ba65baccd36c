import { describe } from 'vitest'
import { matrix, setups } from './matrix.ts'

const among = setups.filter(({ name }) =>
  ['plain', 'PATH reset by the profile', 'activated twice'].includes(name),
)

// dash has the shims in PATH from ~/.profile, and no prompt hook.
describe('boxed exactly when it should be, from dash:', () => {
  matrix('dash', among, {})
})
