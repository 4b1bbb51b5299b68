import type { Ask } from './group.ts'
import { placeText, type Place } from './place.ts'

const MOST_AT_ONCE = 500
const DAY_MS = 86_400_000
const SWEEP_EVERY_MS = 3_600_000

/**
 * Removes what is older than 7 days by the target's clock and also older than what we did there 8 days ago by ours: a
 * clock that jumps makes nothing old before its time. Once a day on each target, at most {@link MOST_AT_ONCE}; when there
 * was more, the next one goes on. What still runs stays.
 */
export const sweepText = (place: Place, day: number): string => `${placeText(place)}
oc_sweep() {
oc_fit "$@" && [ -d "$2/steps" ] || return 0
[ -d "$2/days" ] || mkdir -m 700 "$2/days" 2>/dev/null
mkdir "$2/days/${day}" 2>/dev/null || return 0
oc_b=
for oc_a in "$2"/days/*; do
oc_i=\${oc_a##*/}
case $oc_i in *[!0-9]*) continue ;; esac
[ "$oc_i" -le ${day - 8} ] || continue
if [ -z "$oc_b" ]; then oc_b=$oc_i
elif [ "$oc_i" -gt "$oc_b" ]; then rmdir "$2/days/$oc_b"; oc_b=$oc_i
else rmdir "$oc_a"
fi
done
[ -n "$oc_b" ] || return 0
cd "$2/steps" || return 0
oc_s=$(find . ! -name . -prune -type f -mtime +7 ! -newer "$2/days/$oc_b" 2>/dev/null | head -n ${MOST_AT_ONCE})
set --
for oc_a in $oc_s; do
oc_t= oc_v=
read -r oc_t oc_v oc_i <"$oc_a"
case $oc_t in running | attached | starting) kill -0 "$oc_v" 2>/dev/null && continue ;; esac
set -- "$@" "$oc_a" "$oc_a.d" "$oc_a.once"
done
[ $# -gt 0 ] && rm -rf "$@"
[ $# -lt ${3 * MOST_AT_ONCE} ] || rmdir "../days/${day}"
}
oc_each oc_sweep
exit 0`

/** Sweeps behind a guard that was taken, at most once an hour from here, and tells nobody how that went. */
export const createSweeper = (
  habits: { sweptAt?: number },
  place: Place,
  ask: Ask,
  now: () => number = Date.now,
): (() => void) => {
  return () => {
    if (habits.sweptAt !== undefined && now() - habits.sweptAt < SWEEP_EVERY_MS) return
    habits.sweptAt = now()
    // a target that does not answer is swept another time
    ask(sweepText(place, Math.floor(now() / DAY_MS))).catch(() => {})
  }
}
