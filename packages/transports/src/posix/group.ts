import { TransportError } from '../fault.ts'

/** Asks a target something and gives back its standard output. Rejects with a TransportError. */
export type Ask = (script: string) => Promise<string>

export type GroupControl = {
  signal: (processGroup: number, signal: 'TERM' | 'KILL') => Promise<void>
  alive: (processGroup: number) => Promise<number[]>
}

// proc(5): after the name in brackets come state, parent, group and session. The session counts too: `timeout 9 x` and a
// shell with job control make groups of their own, and would be missed by a signal to the group alone.
export const lookAround = `oc_look() {
if [ -r /proc/self/stat ]; then
cat /proc/[0-9]*/stat 2>/dev/null | awk -v g="$1" -v apart="$2" '{ p = $1; sub(/^.*[)] /, ""); if (($3 == g || $4 == g) && $1 !~ /^[ZX]/ && !(apart && $3 == g)) print p }'
elif oc_l=$(ps -A -o pid= -o pgid= -o sid= -o stat= 2>/dev/null) || oc_l=$(ps -A -o pid= -o pgid= -o pgid= -o stat= 2>/dev/null); then
echo "$oc_l" | awk -v g="$1" -v apart="$2" '($2 == g || $3 == g) && $4 !~ /^[ZX]/ && !(apart && $2 == g) { print $1 }'
else
return 1
fi
}`

/**
 * `oc_kill SIGNAL GROUP`. procps' kill(1) (4.0.2) takes the first digit of a negative number for all of it: `-TERM -1234`
 * is `-TERM -1`, which is everybody. It is met where kill is not built into sh (posh), and understands `--`, which
 * busybox does not.
 */
export const killText = `oc_kill() {
case $(command -v kill) in
*/*) kill -s "$1" -- -"$2" ;;
*) kill -"$1" -"$2" ;;
esac 2>/dev/null
}`

const checked = (processGroup: number): number => {
  // kill -1 and kill -0 would reach everything
  if (!Number.isSafeInteger(processGroup) || processGroup <= 1)
    throw new RangeError(`${processGroup} is not a process group that may be signalled`)
  return processGroup
}

/** Signals and looks through commands on the target itself, so that it works alike over every wire. */
export const createGroupControl = (ask: Ask): GroupControl => ({
  async signal(processGroup, signal) {
    const group = checked(processGroup)
    await ask(`${killText}
${lookAround}
oc_kill ${signal} ${group}
oc_p=$(oc_look ${group} 1) && [ -n "$oc_p" ] && kill -${signal} $oc_p 2>/dev/null
exit 0`)
  },
  async alive(processGroup) {
    const answer = await ask(`${lookAround}\noc_look ${checked(processGroup)} && echo end`)
    const lines = answer.trim().split(/\s+/)
    if (lines.pop() !== 'end')
      throw new TransportError(
        'protocol',
        'command',
        'The target has neither /proc with awk nor ps to look for processes.',
      )
    return lines.map(Number)
  },
})
