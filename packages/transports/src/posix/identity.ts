/**
 * Which process it is, so that a number used again by a stranger is not taken for it: when it began, and under which
 * boot of the machine. Linux counts the beginning from the boot, so that setting the clock does not change it. Elsewhere
 * ps tells the time of day, which a clock that is set may shift; there the arguments decide, which hold the step's id.
 *
 * `oc_who PID` puts the beginning into `oc_i` (empty: no such process; `-`: cannot be told) and the boot into `oc_b`.
 * `oc_is PID BEGINNING BOOT ID` succeeds when that very process lives.
 */
export const whoText = `oc_who() {
oc_i= oc_b=-
if [ -r /proc/sys/kernel/random/boot_id ]; then
read -r oc_b </proc/sys/kernel/random/boot_id
fi
if [ -r /proc/self/stat ]; then
{ IFS= read -r oc_i <"/proc/$1/stat"; } 2>/dev/null || return 0
set -- \${oc_i##*") "}
oc_i=\${20-}
case \${1-} in Z | X) oc_i= ;; esac
elif kill -0 "$1" 2>/dev/null; then
oc_i=$(LC_ALL=C ps -o lstart= -p "$1" 2>/dev/null | tr -s ' ' _)
[ -n "$oc_i" ] || oc_i=-
fi
}`

export const identityText = `${whoText}
oc_is() {
oc_who "$1"
[ -n "$oc_i" ] && [ "$oc_b" = "$3" ] || return 1
[ "$oc_i" = - ] || [ "$oc_i" != "$2" ] || return 0
[ ! -r /proc/self/stat ] || return 1
case $(ps -o args= -p "$1" 2>/dev/null) in *"$4"*) return 0 ;; esac
return 1
}`
