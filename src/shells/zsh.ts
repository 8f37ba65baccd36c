import { zshCompletion } from './zsh-completion.ts'
import type { Shell } from './types.ts'

/**
 * `.zshenv` is all that `ssh host claude` reads; the system's profile may reset PATH behind it, so a login
 * shell that is not interactive needs `.zprofile`; `.zshrc` comes last.
 */
export const zsh: Shell = {
  name: 'zsh',
  completion: zshCompletion,
  startFiles({ home, env }) {
    const dir = env['ZDOTDIR']?.startsWith('/') === true ? env['ZDOTDIR'] : home
    return [
      { path: `${dir}/.zshenv`, script: 'activate.sh' },
      { path: `${dir}/.zprofile`, script: 'activate.sh' },
      { path: `${dir}/.zshrc`, script: 'activate.zsh' },
    ]
  },
}
