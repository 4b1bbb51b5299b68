import { evaluate, readable } from './bootstrap.ts'
import { killText, lookAround } from './group.ts'
import { identityText } from './identity.ts'

/**
 * The keeper is the sh that stays with a detached command: it starts it in a session of its own, keeps its output from
 * filling the disk, and notes how it ended. It is in another session and group than the command, so that what ends the
 * command does not end the keeper. Called with the step's id, its folder, and the words that make a session.
 */
export type KeeperOptions = { nonce: string; outputLimitBytes: number; killGraceMs: number }

const seconds = (ms: number): number => Math.max(1, Math.ceil(ms / 1000))

// `ls -ln` instead of `wc -c`, which reads the whole file in some systems. `err` comes before `out`.
// The pauses grow up to 16 s while the output is far from the limit.
const watchOutput = ({ outputLimitBytes, killGraceMs }: KeeperOptions): string => `(
exec 2>/dev/null 8>&- 9>&-
trap 'kill $oc_p 2>/dev/null; exit 0' TERM
cd "$oc_d" || exit 0
oc_n=1
while :; do
sleep $oc_n &
oc_p=$!
wait $oc_p
set -- $(LC_ALL=C ls -ln err out 2>/dev/null)
[ $# -ge 14 ] || continue
oc_s=$(($5 + \${14}))
if [ $oc_s -gt ${outputLimitBytes} ]; then
{ [ -s why ] || echo output_limit >why; } 2>/dev/null
oc_g=
read -r oc_g oc_i <group
case $oc_g in '' | 0 | 1 | *[!0-9]*) continue ;; esac
oc_kill TERM "$oc_g"
sleep ${seconds(killGraceMs)} &
oc_p=$!
wait $oc_p
oc_kill KILL "$oc_g"
oc_n=1
elif [ $oc_s -lt ${Math.floor(outputLimitBytes / 16)} ] && [ $oc_n -lt 16 ]; then
oc_n=$((oc_n + oc_n))
elif [ $oc_s -ge ${Math.floor(outputLimitBytes / 16)} ]; then
oc_n=1
fi
done
) &
oc_w=$!`

// ksh and yash give codes above 256 for signals. The others give 128 + n, and most say on standard error when it was one,
// except for INT and PIPE.
const tellSignal = `oc_n=0 oc_e=sure
if [ "$oc_c" -gt 256 ]; then
oc_n=$((oc_c % 128))
elif [ "$oc_c" -gt 128 ] && [ -z "$oc_j" ] && [ -s "$oc_d/note" ]; then
oc_n=$((oc_c - 128))
elif [ "$oc_c" -gt 128 ] && [ "$oc_c" -le 192 ]; then
case $oc_c\${ZSH_VERSION+zsh}$oc_j in
130 | 141 | *zsh | *set*) oc_e=$(kill -l $((oc_c - 128)) 2>/dev/null) ;;
esac
[ -n "$oc_e" ] || oc_e=sure
fi
if [ "$oc_n" -gt 0 ]; then
oc_c=$(kill -l "$oc_n" 2>/dev/null)
oc_c="signalled \${oc_c:-$oc_n}"
else
oc_c="exited $oc_c"
fi`

// What is still in the group may be about to write the last of the output (`exec > >(tee …)` in bash): 2 s, as attached.
// Only where something is there are processes started to tell it from zombies.
const linger = `oc_n=0 oc_h=-
if read -r oc_g oc_i <"$oc_d/group" && [ "$oc_g" -gt 1 ]; then
while oc_kill 0 "$oc_g" && [ -n "$(oc_look "$oc_g")" ]; do
if [ $oc_n -ge 20 ]; then oc_h=held; break; fi
if sleep 0.1; then oc_n=$((oc_n + 1)); else sleep 1; oc_n=$((oc_n + 10)); fi
done
else
oc_c=unstarted
fi 2>/dev/null`

const body = (options: KeeperOptions): string => `{
oc_k=$1 oc_d=$2 oc_f=\${2%.d} oc_j=
shift 2
[ "$1" = setsid ] || [ "$1" = perl ] || oc_j=set
trap : HUP INT TERM
if [ -n "\${BASH_VERSION-}" ]; then set +o posix; fi
${identityText}
${killText}
${lookAround}
oc_who $$
echo "running $$ $oc_i $oc_b" 1<>"$oc_f" || exit 1
if [ -p "$oc_d/alive" ]; then exec 9<>"$oc_d/alive"; fi
exec 2>"$oc_d/note"
${watchOutput(options)}
(exec "$@" sh -c 'IFS= read -r oc_a && eval "$oc_a"' sh "$oc_k" "$oc_d" >>"$oc_d/out" 2>>"$oc_d/err" 9>&-)
oc_c=$?
${linger}
if [ "$oc_c" = unstarted ]; then
echo "unstarted " 1<>"$oc_f"
else
${tellSignal}
oc_y=-
if [ -s "$oc_d/why" ]; then read -r oc_y oc_i <"$oc_d/why"; fi
set -- $(cd "$oc_d" && LC_ALL=C ls -ln err out 2>/dev/null)
echo "ended $oc_c $oc_e \${14-0} \${5-0} $oc_h $oc_y " 1<>"$oc_f"
fi
kill "$oc_w" 2>/dev/null
exit 0
}
`

export type DetachedScript = { script: string; interpreter: string | undefined; nonce: string }

// Says to the starter that it runs; if that has gone meanwhile, PIPE must not end what was promised to run.
const commandBody = ({ script, interpreter, nonce }: DetachedScript): string => `{
exec </dev/null
${identityText}
oc_who $$
echo "$$ $oc_i" >"$2/group" || exit 1
trap '' PIPE
echo "started $$" >&8
trap - PIPE
exec 8>&-
set --
unset oc_a oc_b oc_i oc_l oc_n oc_s
unset -f oc_is oc_who
${evaluate(script, interpreter, nonce)}
}
`

/** What the keeper reads, and behind it what the command reads: neither is in an argument, the environment or a file. */
export const keeperInput = (options: KeeperOptions, command: DetachedScript): string =>
  readable(body(options), options.nonce, true) + readable(commandBody(command), command.nonce, false)
