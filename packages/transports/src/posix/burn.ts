import { sleep } from '../wait.ts'
import { killText, type Ask } from './group.ts'
import { announcements, checkedId, lockText, noPlaceFault } from './guard.ts'
import { identityText } from './identity.ts'
import { placeText, type Place } from './place.ts'
import type { Guard, GuardAnswer } from './posix-shell.ts'
import { guardAnswer, lostReason, parseRecord, type StepRecord } from './record.ts'

const LOOK_AGAIN_MS = 200
const LOOKS = 3
const LOOKS_AT_A_START = 50

/** Burns a guard, or says what is known of it. */
export const burnGuard = async (ask: Ask, place: Place, guard: Guard): Promise<GuardAnswer> => {
  for (let look = 1; ; look++) {
    const answer = (await ask(burnText(guard, place))).trim()
    if (answer === 'burnt') return { kind: 'burnt' }
    const [word, ...rest] = answer.split(' ')
    if (word !== 'found') throw noPlaceFault(place)
    const record = parseRecord(rest.join(' '))
    // whoever took it may be about to note something: that it starts, that it cannot start, or how it ended. On a busy
    // machine there may be seconds between the making of the file and the first word in it
    const isAboutToStart = record.kind === 'blank' || (record.kind === 'begun' && record.isStarting && record.isAlive)
    const looks = isAboutToStart ? LOOKS_AT_A_START : LOOKS
    if (look >= looks || !isInBetween(record)) return guardAnswer(record)
    await sleep(LOOK_AGAIN_MS)
  }
}

const isInBetween = (record: StepRecord): boolean =>
  record.kind === 'blank' ||
  record.kind === 'missing' ||
  (record.kind === 'begun' && !record.isRebooted && (record.isStarting || lostReason(record) !== undefined))

/**
 * Makes the guard wherever it can be made and prints `burnt`, `homeless`, or for a guard that was taken `found` and the
 * line of {@link describeText}. Looks twice: a place that could not be reached at first may have been taken meanwhile by
 * somebody who looked here before us.
 */
const burnText = (guard: Guard, place: Place): string => {
  const id = checkedId(guard)
  return `${identityText}
${killText}
${placeText(place)}
${lockText}
oc_k= oc_f=
oc_burn() {
oc_make "$@" || return 0
oc_lock "$2/steps/${id}" burnt
[ "$oc_t" = 0 ] || oc_k=$oc_k:$2:
}
oc_find() {
case $oc_k in *":$2:"*) return 0 ;; esac
[ -z "$oc_f" ] || return 0
[ -e "$2/steps/${id}" ] || [ -d "$2/steps/${id}.once" ] || return 0
oc_fit "$@" || return 0
oc_s=
read -r oc_s oc_t <"$2/steps/${id}"
case $oc_s in
burnt | unstarted) oc_k=$oc_k:$2: ;;
*) oc_f=$2/steps/${id} ;;
esac
} 2>/dev/null
oc_each oc_find
if [ -z "$oc_f$oc_k" ]; then
oc_each oc_burn
oc_each oc_find
fi
if [ -n "$oc_f" ]; then
${describeText(id)}
echo "found $oc_l $oc_s"
elif [ -n "$oc_k" ]; then
echo burnt
else
echo ${announcements.noPlace}
fi`
}

/**
 * From `oc_f` puts into `oc_s` the state and into `oc_l` whether the process it names lives, whether its group has
 * members, and the group (`-`: none). Together they are what `parseRecord` reads. Needs {@link identityText} and
 * `killText`.
 */
export const describeText = (id: string): string => `oc_d=$oc_f.d oc_s= oc_g=- oc_l=0 oc_n=0
{ IFS= read -r oc_s <"$oc_f"; } 2>/dev/null
set -- $oc_s
oc_t=\${1-} oc_v=\${2-} oc_w=\${3-} oc_x=\${4-}
if [ "$oc_t" = attached ]; then
oc_g=$oc_v
elif [ -s "$oc_d/group" ]; then
read -r oc_g oc_n <"$oc_d/group"
fi
case $oc_g in *[!0-9]* | 0 | 1 | '') oc_g=- ;; esac
oc_n=0
case $oc_t in attached | starting | running)
if oc_is "$oc_v" "$oc_w" "$oc_x" ${id}; then
oc_l=1
elif [ "$oc_t$oc_w" = attached- ] && [ -n "$oc_i" ]; then
oc_l=1
fi
if [ "$oc_g" != - ] && [ "$oc_b" = "$oc_x" ] && oc_kill 0 "$oc_g"; then oc_n=1; fi
oc_s="$oc_t $oc_v $oc_w $oc_x $oc_b" ;;
esac
oc_l="$oc_l $oc_n $oc_g"`
