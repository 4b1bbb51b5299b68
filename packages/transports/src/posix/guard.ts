import { TransportError } from '../fault.ts'
import { quoted, type Launcher } from './bootstrap.ts'
import { whoText } from './identity.ts'
import { placeText, type Place } from './place.ts'
import type { Guard } from './posix-shell.ts'

/**
 * The guard is a file that only one can create: its first line is the state. sh does that itself under `set -C` (POSIX,
 * "set"), which saves a process; the shells of Linux, bash, ksh93, mksh and zsh open it with O_EXCL. Where sh may be
 * another, mkdir decides first. The output of a detached command is in a folder beside it.
 */
export const checkedId = ({ id }: Guard): string => {
  if (!/^\w[\w-]{0,99}$/.test(id)) throw new RangeError(`'${id}' cannot name a guard`)
  return id
}

/**
 * `oc_lock FILE WORDS` makes `oc_t` 2 when the guard is ours now, 1 when it is but nothing could be written (the disk is
 * full), 0 when it is there already or cannot be.
 */
export const lockText = `oc_lock() {
oc_t=0
case \${BASH_VERSION-}\${KSH_VERSION-}\${ZSH_VERSION-} in
'') [ -r /proc/self/stat ] || mkdir "$1.once" || return 0 ;;
esac
set -C
{ oc_t=1; echo "$2" && oc_t=2; } >"$1"
set +C
} 2>/dev/null`

// Where sh is a plain ash, a trap tells the exit code; bash and ksh would tell of 0 when a signal ends them.
const noteExit = `case $oc_f\${RANDOM-}\${BASH_VERSION-}\${ZSH_VERSION-} in *"'"*) ;; "$oc_f")
trap 'echo "ended exited $? sure - - -" 1<>'"'$oc_f'" EXIT ;;
esac`

// what has not been started is burnt
const giveWay = `echo "burnt " 1<>"$oc_f"`

const isFirst = ({ directory }: Place): string =>
  directory === undefined ? '[ "$2" = "${HOME%/}/.opsconductor" ] && [ "$oc_n" = "${LOGNAME-}" ]' : 'true'

/**
 * Takes the guard in whatever place there is: `oc_r` becomes 0 (then `oc_f` is its file), 1 (no place), 2 (taken before)
 * or 3 (the disk is full). Then all other places are looked at: there it may have been burnt or taken by somebody who
 * could not reach this one. Two who do so at once both give way. Needs {@link whoText}.
 */
export const takeText = (id: string, place: Place, word: string): string => `${placeText(place)}
${lockText}
oc_r=1 oc_p=
oc_take() {
if [ "$oc_r" = 1 ] && oc_make "$@"; then
oc_lock "$2/steps/${id}" "${word} $$ $oc_i $oc_b"
case $oc_t in
2)
oc_r=0 oc_f=$2/steps/${id}
if ${isFirst(place)} && [ -r /proc/self/stat ]; then oc_p=' known'; fi ;;
1) oc_r=3; rm -f "$2/steps/${id}" ;;
*) [ ! -e "$2/steps/${id}" ] || oc_r=2 ;;
esac
fi
}
oc_yield() {
if [ "$2/steps/${id}" != "$oc_f" ] && [ -e "$2/steps/${id}" ]; then
oc_r=2
${giveWay}
fi
}
oc_who $$
oc_each oc_take
[ "$oc_r" != 0 ] || oc_each oc_yield`

/** What the target says in place of running the command. */
export const announcements = { taken: 'guarded', noPlace: 'homeless', moved: 'moved', full: 'full' } as const

/**
 * Before the command is announced. `oc_p` becomes ` known` when the first place was found safe, on Linux: then the next
 * guard there is taken by {@link quickly}.
 */
export const guardText = (
  guard: Guard,
  place: Place,
  isPlaceKnown: boolean,
  nonce: string,
  launcher: Launcher,
): string => {
  const id = checkedId(guard)
  const say = `oc_say() {
echo "${nonce} $1" >&2
exit 0
}`
  return isPlaceKnown
    ? `${say}
${quickly(id, place, launcher)}
${noteExit}
unset oc_b oc_f oc_i oc_t
unset -f oc_say`
    : `${say}
${whoText}
${takeText(id, place, 'attached')}
case $oc_r in
1) oc_say ${announcements.noPlace} ;;
2) oc_say ${announcements.taken} ;;
3) oc_say ${announcements.full} ;;
esac
${noteExit}
unset oc_b oc_f oc_i oc_m oc_o oc_r oc_t
unset -f oc_each oc_fit oc_lock oc_ls oc_make oc_ours oc_say oc_take oc_who oc_yield`
}

/**
 * Short, because sh reads it byte by byte (half a millisecond for 1 kB), and without a process. What it says on standard
 * error is dropped like everything before the announcement. With `plain`, `oc_i` holds what follows the group in
 * /proc/PID/stat; the beginning of the process is field 22.
 */
const quickly = (id: string, { directory }: Place, launcher: Launcher): string => {
  const isUsual = directory === undefined
  const first = isUsual ? `"\${HOME%/}/.opsconductor/steps/${id}"` : `${homely(directory)}/steps/${id}`
  return `oc_p= oc_t=0 oc_f=${first}
read -r oc_b </proc/sys/kernel/random/boot_id
${launcher === 'plain' ? 'set -- $oc_i' : 'IFS= read -r oc_i </proc/$$/stat; set -- ${oc_i##*") "}'}
set -C
{ oc_t=1; echo "attached $$ ${launcher === 'plain' ? '${17}' : '${20}'} $oc_b" && oc_t=2; } >"$oc_f"
set +C --
case $oc_t in
0) [ ! -e "$oc_f" ] || oc_say ${announcements.taken}; oc_say ${announcements.moved} ;;
1) rm -f "$oc_f"; oc_say ${announcements.full} ;;
esac
${
  isUsual
    ? `for oc_i in /var/tmp /tmp; do
if [ -e "$oc_i/opsconductor-$LOGNAME/steps/${id}" ]; then ${giveWay}; oc_say ${announcements.taken}; fi
done`
    : ''
}`
}

const homely = (directory: string): string =>
  directory.startsWith('~') ? `"$HOME"${quoted(directory.slice(1))}` : quoted(directory)

export const fullFault = (): TransportError =>
  new TransportError(
    'protocol',
    'command',
    'The disk of the target is full: there is no room to note that the command was started. Free some.',
    { started: false },
  )

export const noPlaceFault = ({ directory }: Place): TransportError =>
  new TransportError(
    'protocol',
    'command',
    directory === undefined
      ? 'The target has no private folder in which to note that the command was started: neither the home directory of its ' +
          'account nor /var/tmp nor /tmp is writable and safe. Make one of them so, or configure another folder.'
      : `The folder ${directory}, which the method names, cannot be used to note that the command was started. The folder ` +
          'above it must be there and be writable by this log-in, and nobody else may write to either. Make them so, or name another.',
    { started: false, isWithoutFolder: true },
  )
