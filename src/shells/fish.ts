import { fishCompletion } from './fish-completion.ts'
import type { Shell } from './types.ts'

/** `config.fish` comes after everything in `conf.d`, and every fish reads it, scripts too. */
export const fish: Shell = {
  name: 'fish',
  completion: fishCompletion,
  startFiles({ home, env }) {
    const xdg = env['XDG_CONFIG_HOME']
    const dir = xdg?.startsWith('/') === true ? xdg : `${home}/.config`
    return [{ path: `${dir}/fish/config.fish`, script: 'activate.fish' }]
  },
}
