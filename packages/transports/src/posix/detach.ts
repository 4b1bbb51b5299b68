import { randomBytes } from 'node:crypto'
import { cancelled, TransportError } from '../fault.ts'
import { checkScript } from './bootstrap.ts'
import { checkedId, fullFault, noPlaceFault, takeText } from './guard.ts'
import { whoText } from './identity.ts'
import { keeperInput } from './keeper.ts'
import type { Place } from './place.ts'
import type { Detached, DetachedCommand } from './posix-shell.ts'
import { runOnShell, type Ground } from './run.ts'

const GIB = 1_073_741_824
const START_WITHIN_MS = 30_000

/**
 * The starter: takes the guard, starts the keeper with the rest of the standard input, waits until the command says that
 * it runs (a line on descriptor 8), and ends.
 *
 * A session of its own is best made by setsid or perl. `set -m` of bash or ksh gives a group only: what makes a group of
 * its own there cannot be found again. dash has `set -m` too, but wants a terminal for it.
 */
const starter = (id: string, takes: string): string => `exec 3<&0 </dev/null
if command -v setsid >/dev/null 2>&1; then
set -- setsid
elif command -v perl >/dev/null 2>&1; then
set -- perl -MPOSIX -e 'POSIX::setsid;exec@ARGV'
elif oc_j=$(command -v bash || command -v ksh || command -v ksh93 || command -v mksh); then
set -- "$oc_j" -c 'set -m; "$@" & exec >/dev/null 2>&1; wait $!' sh
else
echo 'unsupported'
exit 0
fi
oc_keep() {
oc_a='IFS= read -r oc_a && eval "$oc_a"'
if [ "$1" = setsid ] || [ "$1" = perl ]; then
exec "$@" sh -c "$oc_a" sh ${id} "$oc_d" "$@"
else
exec sh -c "$oc_a" sh ${id} "$oc_d" "$@"
fi
}
${whoText}
${takes}
case $oc_r in
1) echo homeless; exit 0 ;;
2) echo guarded; exit 0 ;;
3) echo full; exit 0 ;;
esac
oc_d=$oc_f.d
if { mkdir -m 700 "$oc_d" && true >"$oc_d/out" && true >"$oc_d/err" && true >"$oc_d/note"; } 2>/dev/null; then
:
else
echo "unstarted " 1<>"$oc_f"
echo full
exit 0
fi
mkfifo -m 600 "$oc_d/alive" 2>/dev/null
(oc_keep "$@" <&3 3<&- 8>&1 >/dev/null 2>&1 &) | {
exec 3<&-
oc_l=
IFS= read -r oc_l
[ -n "$oc_l" ] || echo "unstarted " 1<>"$oc_f"
echo "\${oc_l:-failed}"
}`

export const detachOnShell = async (ground: Ground, command: DetachedCommand): Promise<Detached> => {
  const id = checkedId(command)
  checkScript(command.script, command.interpreter)
  const nonces = [randomBytes(16).toString('hex'), randomBytes(16).toString('hex')] as const
  const { outputLimitBytes = GIB, killGraceMs = 5_000, script, interpreter } = command
  const options = { nonce: nonces[0], outputLimitBytes, killGraceMs }
  let said = ''
  const exit = await runOnShell(
    { ...ground, control: undefined },
    {
      script: starter(id, takeText(id, ground.place, 'starting')),
      appended: keeperInput(options, { script, interpreter, nonce: nonces[1] }),
      signal: command.signal,
      timeoutMs: START_WITHIN_MS,
      onOutput: (stream, bytes) => {
        if (stream === 'stdout' && said.length < 2_000) said += Buffer.from(bytes).toString()
      },
    },
  )
  if (exit.kind === 'stopped' && exit.outcome === 'stopped') throw cancelled('command')
  return answerOf(said.trim(), ground.place, exit.kind === 'exited' ? undefined : reasonOf(exit))
}

const answerOf = (said: string, place: Place, reason: string | undefined): Detached => {
  const [word = '', value] = said.split(' ')
  switch (word) {
    case 'started':
      return { kind: 'started', processGroup: Number(value) }
    case 'guarded':
      return { kind: 'guarded' }
    case 'unsupported':
      return { kind: 'unsupported', reason: 'The target has none of setsid, perl, bash and ksh to start it apart.' }
    case 'homeless':
      throw noPlaceFault(place)
    case 'full':
      throw fullFault()
    case 'failed':
      throw notStarted('The target could not start the command apart from the connection.')
    default:
      return { kind: 'unknown', reason: reason ?? 'The target did not say whether the command was started.' }
  }
}

const notStarted = (message: string): TransportError =>
  new TransportError('protocol', 'command', message, { started: false })

const reasonOf = (exit: { kind: string; reason?: string }): string =>
  exit.reason ??
  (exit.kind === 'stopped' ? 'The target did not say in time whether the command was started.' : exit.kind)
