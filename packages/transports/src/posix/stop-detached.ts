import type { Stopped } from '../shell.ts'
import { describeText } from './burn.ts'
import { killText, lookAround, type Ask, type GroupControl } from './group.ts'
import { checkedId } from './guard.ts'
import { identityText } from './identity.ts'
import { findText, placeText, type Place } from './place.ts'
import type { StopRequest } from './posix-shell.ts'
import { stopGroup } from './stop.ts'

const KILL_GRACE_MS = 5_000

/**
 * Whose number a group has may change once all of its processes have ended. It is the command's as long as its keeper
 * waits for it, or while its first process is the one that began then, or when that has ended and the group goes on under
 * the same boot. A stranger's process of that number has begun at another time.
 */
const ownGroup = (id: string): string => `${describeText(id)}
case $oc_g$oc_l in
-*) ;;
"\${oc_g}1 "*) ;;
*)
if [ -s "$oc_d/group" ]; then read -r oc_n oc_w <"$oc_d/group"; fi
oc_who "$oc_g"
if [ -n "$oc_i" ] && ! oc_is "$oc_g" "$oc_w" "$oc_b" ${id}; then oc_g=-; fi
case $oc_t in attached | running) [ "$oc_b" = "$oc_x" ] || oc_g=- ;; esac ;;
esac`

/** Stops a command by its guard, from any connection, as `Shell.run` does with its own. Never rejects. */
export const stopDetached = async (ask: Ask, place: Place, request: StopRequest): Promise<Stopped> => {
  const id = checkedId(request)
  const { because, killGraceMs = KILL_GRACE_MS } = request
  const about = `${identityText}
${killText}
${placeText(place)}
${findText(id)}
[ -n "$oc_f" ] || { echo missing; exit 0; }
${lookAround}
${ownGroup(id)}`
  const control: GroupControl = {
    async signal(_group, signal) {
      await ask(`${about}
[ "$oc_g" != - ] || exit 0
if [ "$oc_t" = running ] && [ ! -s "$oc_d/why" ]; then { echo ${because} >"$oc_d/why"; } 2>/dev/null; fi
oc_kill ${signal} "$oc_g"
oc_p=$(oc_look "$oc_g" 1) && [ -n "$oc_p" ] && kill -${signal} $oc_p 2>/dev/null
exit 0`)
    },
    async alive() {
      const answer = await ask(`${about}
case $oc_t in starting | '') exit 0 ;; esac
[ "$oc_g" = - ] || oc_look "$oc_g" || exit 0
echo end`)
      const lines = answer.trim().split(/\s+/)
      if (lines.pop() !== 'end') throw new Error(`The target cannot say what runs of the command: ${answer.trim()}`)
      return lines.map(Number)
    },
  }
  return stopGroup(control, 0, because, killGraceMs, new Promise(() => {}))
}
