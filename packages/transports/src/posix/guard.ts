import { TransportError } from '../fault.ts'
import { quoted } from './bootstrap.ts'
import { identityText } from './identity.ts'
import { placeText, type Place } from './place.ts'
import type { Guard } from './posix-shell.ts'

/**
 * The guard is a folder made by mkdir, which only one can make, and in it a file `state`, which only one can create:
 * whoever burns a guard whose taker has come no further than mkdir creates that file, and then the taker does not start.
 */
export const checkedId = ({ id }: Guard): string => {
  if (!/^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$/.test(id)) throw new RangeError(`'${id}' cannot name a guard`)
  return id
}

// `state` is later written over in place, which a full disk does not prevent
const PADDING = ' '.repeat(200)

/** Creates `state` with these words and our identity, unless somebody has; needs {@link identityText}. */
export const createState = (words: string): string =>
  `{ set -C; echo "${words} $oc_i $oc_b${PADDING}" >"$oc_d/state"; } 2>/dev/null`

// Where sh is a plain ash, a trap tells the exit code; bash and ksh would tell of 0 when a signal ends them.
const noteExit = `case $oc_d\${RANDOM-}\${BASH_VERSION-}\${ZSH_VERSION-} in *"'"*) ;; "$oc_d")
trap 'echo "ended exited $? sure - - -" 1<>'"'$oc_d/state'" EXIT ;;
esac`

const cleanUp = `unset oc_b oc_d oc_i oc_m oc_o oc_r oc_u`
const cleanUpAll = `${cleanUp}
unset -f oc_each oc_find oc_fit oc_is oc_ls oc_make oc_take oc_who`

const takeAnywhere = (id: string): string => `oc_r=1
oc_take() {
if [ "$oc_r" != 1 ]; then
[ ! -d "$2/steps/${id}" ] || oc_r=2
elif oc_make "$@"; then
if mkdir -m 700 "$2/steps/${id}" 2>/dev/null; then
oc_r=0 oc_d=$2/steps/${id}
[ "$1" = /tmp ] || [ "$1" = /var/tmp ] || oc_p=' known'
elif [ -d "$2/steps/${id}" ]; then
oc_r=2
fi
fi
}
oc_p=
oc_each oc_take`

/**
 * Takes the guard in whatever place there is: `oc_r` becomes 0 (then `oc_d` is its folder), 1 (no place) or 2 (taken
 * before). All other places are looked at, too: there it may have been burnt when this one could not be reached.
 */
export const takeText = (id: string, place: Place): string => `${placeText(place)}\n${takeAnywhere(id)}`

/** What the target says in place of running the command. */
export const announcements = { taken: 'guarded', noPlace: 'homeless', moved: 'moved' } as const

/** Before the command is announced. `oc_p` becomes ` known` when the first place was found safe. */
export const guardText = (guard: Guard, place: Place, isPlaceKnown: boolean, nonce: string): string => {
  const id = checkedId(guard)
  const say = (word: string): string => `{ echo "${nonce} ${word}" >&2; exit 0; }`
  const taken = `oc_who $$
${createState('attached $$')} || ${say(announcements.taken)}
set +C
${noteExit}`
  if (!isPlaceKnown)
    return `${identityText}
${takeText(id, place)}
[ "$oc_r" != 1 ] || ${say(announcements.noPlace)}
[ "$oc_r" = 0 ] || ${say(announcements.taken)}
${taken}
${cleanUpAll}`
  const first =
    place.directory === undefined ? `"\${HOME%/}/.opsconductor/steps/${id}"` : `${homely(place.directory)}/steps/${id}`
  const elsewhere =
    place.directory === undefined
      ? `for oc_n in /var/tmp /tmp; do
[ ! -d "$oc_n/opsconductor-$LOGNAME/steps/${id}" ] || ${say(announcements.taken)}
done
`
      : ''
  return `${identityText}
oc_p= oc_d=${first}
if mkdir -m 700 "$oc_d" 2>/dev/null; then
:
elif [ -d "$oc_d" ]; then
${say(announcements.taken)}
else
${say(announcements.moved)}
fi
${elsewhere}${taken}
${cleanUp}
unset -f oc_is oc_who`
}

const homely = (directory: string): string =>
  directory.startsWith('~') ? `"$HOME"${quoted(directory.slice(1))}` : quoted(directory)

export const noPlaceFault = (said?: string): TransportError =>
  new TransportError(
    'protocol',
    'command',
    'The target has no private folder in which to note that the command was started: neither the home directory of its ' +
      'account nor /var/tmp nor /tmp is writable and safe. Make one of them so, or configure another folder.',
    { started: false, isWithoutFolder: true, ...(said === undefined ? {} : { said }) },
  )
