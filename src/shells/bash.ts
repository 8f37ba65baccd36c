import { bashCompletion } from './bash-completion.ts'
import type { Shell } from './types.ts'

/**
 * A login shell reads the first of three files and no other; `.profile` is for every POSIX shell. None is
 * made where there is none but `.profile`: a new `.bash_profile` would keep bash from the old `.profile`.
 */
export const bash: Shell = {
  name: 'bash',
  completion: bashCompletion,
  startFiles({ home, exists }) {
    const own = ['.bash_profile', '.bash_login'].map((name) => `${home}/${name}`).find(exists)
    const login = own ?? `${home}/.profile`
    return [
      { path: login, script: own === undefined ? 'activate.sh' : 'activate.bash' },
      { path: `${home}/.bashrc`, script: 'activate.bash' },
    ]
  },
}
