import type { Answer, State, Verdict } from './types.ts'

/** Words for what the probe says. Pure. */

export function seen({ word, values }: Answer): string {
  return [word, ...values].join(' ')
}

export function verdict(state: State, detail = ''): Verdict {
  return { state, detail }
}

/** Contained if `holds`, unchecked if the probe said nothing or did not know the question. */
export function holdsIf(holds: (answer: Answer) => boolean, expected: string): (answer: Answer) => Verdict {
  return (answer) => {
    if (answer.word === 'none' || answer.word === 'unknown')
      return verdict('unchecked', `the probe said ${seen(answer)}`)
    return holds(answer) ? verdict('contained') : verdict('failed', `${seen(answer)}, not ${expected}`)
  }
}

const ENOENT = '2'
const EPERM = '1'
const ENOSYS = '38'

/** A call that the filter refuses; anything else means that the kernel has looked at it. */
export const refusedCall = holdsIf(
  ({ word, values }) => word === 'refused' && (values[0] === EPERM || values[0] === ENOSYS),
  'refused',
)

/** Not there, or not to be opened, or nothing in it. */
export const invisible = holdsIf(
  ({ word, values }) =>
    word === 'absent' ||
    (word === 'refused' && values[0] !== ENOENT) ||
    ((word === 'directory' || word === 'file') && values[0] === '0'),
  'absent, refused or empty',
)
