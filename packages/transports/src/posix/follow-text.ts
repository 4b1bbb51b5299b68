import { describeText } from './burn.ts'
import { killText } from './group.ts'
import { identityText } from './identity.ts'
import { findText, placeText, type Place } from './place.ts'
import type { OutputPosition } from './posix-shell.ts'

/** What a question says in place of a record. */
export const words = {
  /** What follows is output as it comes; at the end nothing is known of how it ended. */
  streams: 'streams',
  /** There is no pipe to hear the end by. */
  cannot: 'cannot',
} as const

const outputFrom = ({ stdout, stderr }: OutputPosition): string => `
if [ -f "$oc_d/out" ] && [ "$1 \${5-}" != "ended ${stdout}" ]; then tail -c +${stdout + 1} "$oc_d/out"; fi
if [ -f "$oc_d/err" ] && [ "$1 \${6-}" != "ended ${stderr}" ]; then tail -c +${stderr + 1} "$oc_d/err" >&2; fi
exit 0`

/**
 * One line, and then output: as it comes while the keeper lives, or what is there when the command has ended already.
 * Its end is heard without asking again and again: it holds the pipe `alive` open for
 * writing. Opened for both first, since opening for reading alone would wait for ever when the keeper has just ended.
 * GNU tail is woken by the kernel and busybox's looks twenty times a second where `-s` is known; others have ways of
 * their own. The end of our standard input is the end of the connection: then nothing may stay behind.
 */
export const streamText = (id: string, place: Place, from: OutputPosition): string => `exec 3<&0 </dev/null
${placeText(place)}
${findText(id)}
oc_d=$oc_f.d
[ -n "$oc_f" ] && [ -p "$oc_d/alive" ] || { echo ${words.cannot}; exit 0; }
read -r oc_s <"$oc_f"
set -- $oc_s
case $1 in
ended)
echo "0 0 - $oc_s"${outputFrom(from)} ;;
esac
echo ${words.streams}
[ "$1" = running ] || exit 0
exec 9<>"$oc_d/alive"
exec 8<"$oc_d/alive"
exec 9>&-
oc_f=
if tail -s 0.05 -c +1 /dev/null >/dev/null 2>&1; then oc_f='-s 0.05'; fi
tail $oc_f -c +${from.stdout + 1} -f "$oc_d/out" 2>/dev/null 3<&- 8<&- &
oc_1=$!
tail $oc_f -c +${from.stderr + 1} -f "$oc_d/err" >&2 2>/dev/null 3<&- 8<&- &
oc_2=$!
(read -r oc_l <&3; kill $oc_1 $oc_2 $$) >/dev/null 2>&1 8<&- &
oc_3=$!
exec 3<&-
read -r oc_l <&8
kill $oc_1 $oc_2 $oc_3 2>/dev/null
exit 0`

/** One line with the state, and then what is there of the output. The state is read first: what has ended is complete. */
export const collectText = (id: string, place: Place, from: OutputPosition): string => `${identityText}
${killText}
${placeText(place)}
${findText(id)}
[ -n "$oc_f" ] || { echo missing; exit 0; }
${describeText(id)}
echo "$oc_l $oc_s"
set -- $oc_s${outputFrom(from)}`
