import { describeText } from './burn.ts'
import { killText, type Ask } from './group.ts'
import { checkedId } from './guard.ts'
import { identityText } from './identity.ts'
import { findText, placeText, type Place } from './place.ts'
import type { Guard } from './posix-shell.ts'

/** Removes the output of a command that does not run any more; `false` when it does, or when nobody knows. */
export const removeOutput = async (ask: Ask, place: Place, guard: Guard): Promise<boolean> => {
  const id = checkedId(guard)
  const answer = await ask(`${identityText}
${killText}
${placeText(place)}
${findText(id)}
[ -n "$oc_f" ] || { echo missing; exit 0; }
${describeText(id)}
case $oc_l in 1* | '0 1'*) exit 0 ;; esac
rm -rf "$oc_d" && echo removed`)
  return ['removed', 'missing'].includes(answer.trim())
}
