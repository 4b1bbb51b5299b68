import { Refusal } from '../../kernel/errors.ts'

/** @param ifRevision what `If-Match` says the caller has seen; null when it says nothing */
export const refuseChanged = ({ revision }: { revision: number }, ifRevision: number | null) => {
  if (ifRevision !== null && ifRevision !== revision) {
    throw new Refusal(
      'changed_meanwhile',
      `You have seen revision ${ifRevision}, and this is revision ${revision} now. Load it again and repeat your change.`,
    )
  }
}
