import { TransportError } from '../fault.ts'

/**
 * How a command gets a process group of its own. sshd calls setsid before it runs a command without a terminal, so
 * `plain` nearly always does; a forced command or another SSH server may put the command into somebody else's group,
 * and signalling that could end the server itself. `alone`: nothing on the target can make a group.
 */
export type Launcher = 'plain' | 'setsid' | 'perl' | 'alone'

// Everything the log-in shell sees. No value, no backslash, no `!`, no newline: sh, bash, dash, ksh, zsh, csh, tcsh and
// fish all read it alike. The first line of the standard input says how to read the rest; a line that was cut off
// makes `read` fail.
export const readAndRun = `sh -c 'IFS= read -r oc_a && eval "$oc_a"'`

export const commandLines: Record<Launcher, string> = {
  plain: `exec ${readAndRun}`,
  // setsid(1) called by the leader of a group goes into the background and gives back 0: hence the child, which is none
  setsid: `exec sh -c '(exec setsid "$@"); exit $?' sh ${readAndRun}`,
  perl: `exec perl -MPOSIX -e 'POSIX::setsid; exec @ARGV' ${readAndRun}`,
  alone: `exec ${readAndRun}`,
}

// what bash 5.1 and later puts into a pipe; less on systems with smaller ones
const PIPE_BYTES = 4_096
// Starting `cat` takes 1 ms, reading 8 kB byte by byte in the shell a fifth of that.
const SHORT_BYTES = 8_192
const readLong = `oc_s=$(cat); eval "$oc_s"`
// IFS begins as blank, tab, newline (POSIX, 2.5.3); there is no other way to a newline without a process.
const readShort = (nonce: string): string =>
  `oc_n=\${IFS#??}; oc_n=\${oc_n%"\${oc_n#?}"}; oc_s=; ` +
  `while IFS= read -r oc_l && [ "$oc_l" != ${nonce} ]; do oc_s=$oc_s$oc_l$oc_n; done; eval "$oc_s"`

export const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`

// The number of our process group: from /proc where there is one (no process needed), from ps elsewhere.
const findGroup = `oc_g=
if [ -r /proc/$$/stat ]; then
read -r oc_a oc_a oc_a oc_a oc_g oc_i </proc/$$/stat
else
for oc_a in $(ps -o pgid= -p $$ 2>/dev/null); do oc_g=$oc_a; done
fi`

const suggestLauncher = `if command -v setsid >/dev/null 2>&1; then oc_a=setsid
elif command -v perl >/dev/null 2>&1; then oc_a=perl
else oc_a=alone
fi`

/** Unless the group is ours already, says what could make one, and ends. */
const checkGroup: Record<Launcher, (nonce: string) => string> = {
  plain: (nonce) => `${findGroup}
if [ "$oc_g" != "$$" ]; then
${suggestLauncher}
echo "${nonce} wrap $oc_a" >&2
exit 0
fi
`,
  setsid: () => '',
  perl: () => '',
  alone: () => '',
}

export type Payload = {
  script: string
  interpreter?: string | undefined
  launcher: Launcher
  nonce: string
  /** sh text that runs before the command is announced, and may end the shell in its place. */
  before?: string | undefined
  /** What follows on the standard input is the command's, not the end of it. */
  hasInput?: boolean
}

/**
 * What goes to the standard input of {@link commandLines}: a line that reads the rest, and the rest, which is one
 * compound command that ends with its last line. So a connection cut while it is sent leaves a syntax error and never
 * half a script.
 *
 * The first line on standard error is `<nonce> run <process group>`, or `<nonce> wrap <launcher>` when nothing was run
 * because another launcher is needed; the first on standard output is `<nonce>`. What comes before them is the chatter
 * of the log-in shell's start-up files.
 */
export const payload = (request: Payload): string => {
  const { script, interpreter, launcher, nonce, before, hasInput = false } = request
  const body = `{
${hasInput ? ':' : 'exec </dev/null'}
${checkGroup[launcher](nonce)}${before === undefined ? '' : `${before}\n`}echo "${nonce} run ${launcher === 'alone' ? '0' : '$$'}${before === undefined ? '' : '$oc_p'}" >&2
echo ${nonce}
unset oc_a oc_g oc_i oc_l oc_n oc_p oc_s
${evaluate(script, interpreter, nonce)}
}
`
  return readable(body, nonce, hasInput)
}

/**
 * What `IFS= read -r oc_a && eval "$oc_a"` reads and runs. `cat` would take what follows too, `read` takes not a byte
 * more than its line (POSIX, "read").
 */
export const readable = (body: string, nonce: string, isFollowed: boolean): string =>
  isFollowed || Buffer.byteLength(body) <= SHORT_BYTES
    ? `${readShort(nonce)}\n${body}${nonce}\n`
    : `${readLong}\n${body}`

/** Runs the script in this shell, or becomes its interpreter. */
export const evaluate = (script: string, interpreter: string | undefined, nonce: string): string =>
  interpreter === undefined ? `eval ${quoted(` ${script}`)}` : handOver(interpreter, script, `${nonce}-`)

// A here-document on descriptor 3: dash and busybox make it a pipe, and nothing is left behind, even after KILL. bash
// would keep it in a file that loses its name before the interpreter starts (before 5.1 always, since then when it does not
// fit into a pipe); but there, `<( )` is a pipe.
const handOver = (
  interpreter: string,
  script: string,
  end: string,
): string => `oc_s=${quoted(script.replace(/\n$/, ''))}
case \${BASH_VERSION-} in
${Buffer.byteLength(script) > PIPE_BYTES ? '[0-9]*' : '[1-4].* | 5.0*'})
set +o posix
eval 'exec ${interpreter} /dev/fd/3 3< <(printf "%s\\n" "$oc_s")' ;;
esac
exec ${interpreter} /dev/fd/3 3<<${end}
$oc_s
${end}`

/** Refuses what could not arrive as it is. */
export const checkScript = (script: string, interpreter: string | undefined): void => {
  const refuse = (message: string): never => {
    throw new TransportError('protocol', 'command', message, { started: false })
  }
  if (script.includes('\0')) refuse('The script contains a NUL character, which no shell can take. Remove it.')
  if (!script.isWellFormed()) refuse('The script contains half of a surrogate pair, which is no text. Remove it.')
  if (interpreter !== undefined && !/^[\w@%+=:,./-]+( +[\w@%+=:,./-]+)*$/.test(interpreter))
    refuse(`The interpreter '${interpreter}' must be a program and plain options, without quotes or shell syntax.`)
}
