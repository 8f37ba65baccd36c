import type { MaskInput } from '../masks/found.ts'
import type { Mask } from '../masks/types.ts'
import { parentOf } from '../host/paths.ts'
import { lstatOf } from '../host/files.ts'
import type { HeldBox } from './launcher.ts'

/** The hand's own limit, and how many directories it may watch in addition to our own watch of each. */
const MOST = 256
const MOST_DIRECTORIES = 32

/**
 * The hand covers by itself what comes to stand under a name that was masked before (native/again.c): a saved
 * secret is bare for some hundredths of a millisecond only, and not until this process has heard of it.
 */
export interface Again {
  /** Whenever something else comes to stand at the path of this mask. */
  expect(mask: Pick<Mask, 'path' | 'entry' | 'look' | 'reason'>): void
  /** The same for all of these, those nearest to the root first, and for the project's `.env`; once a hand. */
  begin(masks: Iterable<Mask>): void
}

export function expectAgain(box: HeldBox, { project, matcher, policy }: Omit<MaskInput, 'scan'>): Again {
  const paths = new Set<string>()
  const directories = new Set<string>()
  let begun: HeldBox['inside'] | undefined
  const tell = (path: string, directory: boolean, deny: boolean): void => {
    const parent = parentOf(path)
    if (!paths.has(path) && paths.size >= MOST) return
    if (!directories.has(parent) && directories.size >= MOST_DIRECTORIES) return
    paths.add(path)
    directories.add(parent)
    box.inside.again(path, { directory, deny })
  }
  // What is masked for another name's or a link's sake is a secret only as long as it is that.
  const expect: Again['expect'] = ({ path, entry, look, reason }) => {
    if (reason.by === 'name' || reason.by === 'hidden')
      tell(path, entry === 'directory', look.kind === 'deny')
  }
  return {
    expect,
    begin(masks) {
      if (begun === box.inside) return
      begun = box.inside
      const usual = `${project}/.env`
      if (lstatOf(usual) === undefined && matcher.match(usual, false) !== undefined)
        tell(usual, false, policy.show.value === 'deny')
      for (const mask of [...masks].toSorted((one, other) => depthOf(one) - depthOf(other))) expect(mask)
    },
  }
}

const depthOf = ({ path }: Mask): number => path.split('/').length
