import { grantsOf } from './grants.ts'
import type { Situation } from './situation.ts'

/** One policy file of the repository, with those it extends, as the user has decided about it. */
export interface TrustState {
  path: string
  /** With the extended ones. */
  files: string[]
  sha256: string
  /** `free`: it asks for nothing that needs an approval. */
  state: 'free' | 'approved' | 'pending' | 'denied'
  /** Of the approval or denial, in ISO form. */
  at?: string | undefined
  /** Was it approved with these very bytes? Otherwise something changed that asks for nothing new. */
  exact: boolean
  approved: number
  pending: number
}

/** What the user said about each policy file here; for `status` and the like, not for decisions. */
export function trustStates(situation: Situation): TrustState[] {
  const { loaded, trust } = situation
  const { pending, approved } = grantsOf(loaded)
  return loaded.units.map(({ path, files, sha256As }) => {
    const of = (list: readonly { under?: string | undefined; file: string }[]): number =>
      list.filter(({ under, file }) => (under ?? file) === path).length
    const record = trust.recordOf(path)
    const [asked, had, sha256] = [of(pending), of(approved), sha256As(path)]
    return {
      path,
      files: files.map((file) => file.path),
      sha256,
      state: record?.denied !== undefined ? 'denied' : asked > 0 ? 'pending' : had > 0 ? 'approved' : 'free',
      at: record?.denied ?? record?.approved?.at,
      exact: record?.approved?.sha256[0] === sha256,
      approved: had,
      pending: asked,
    }
  })
}
