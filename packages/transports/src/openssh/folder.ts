import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { TransportError } from '../fault.ts'

/** The private folder of one wire: sockets, and two small scripts that hold no secret. */
export type WireFolder = {
  noteKey: string
  askpass: string
  /** Paths for one more master. */
  next: () => { control: string; agent: string; offered: string }
  remove: () => void
}

// What ssh was shown is noted for us, and shown to ssh as known; see arguments.ts. ssh asks for the order of kinds too.
const NOTE_KEY = String.raw`[ "$1" = HOSTNAME ] || exit 0
umask 077
printf '%s %s\n' "$2" "$3" >"$4" || exit 1
printf 'target %s %s\n' "$2" "$3"
`

// The question goes to our end of ssh's standard error, behind a word that no server can know; the answer comes by its
// standard input, which nobody else reads: a master has no use for it.
const ASKPASS = String.raw`#!/bin/sh
[ "$SSH_ASKPASS_PROMPT" = none ] && exit 0
printf '\n%s %s\n' "$OPSCONDUCTOR_ASK" "$(printf '%s' "$1" | tr '\n' ' ')" >&2
IFS= read -r answer || exit 1
printf '%s\n' "$answer"
`

const PREFIX = 'opsc-ssh-'

const LEFT_MS = 86_400_000

/** Folders of servers that were killed. The age is asked for because a folder may be shared with another machine. */
const removeLeftovers = (parent: string): void => {
  for (const name of readdirSync(parent)) {
    const pid = Number(/^opsc-ssh-(\d+)-/.exec(name)?.[1] ?? 0)
    if (pid <= 1 || isAlive(pid)) continue
    try {
      const path = join(parent, name)
      if (statSync(path).mtimeMs < Date.now() - LEFT_MS) rmSync(path, { recursive: true })
    } catch {
      // somebody else's, or gone
    }
  }
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // somebody else's process is one too
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/** A socket's name may have 104 bytes on some systems, and ssh adds 17 while it begins to listen (sun_path). */
const LONGEST_FOLDER = 75

export const createFolder = (parent: string = tmpdir()): WireFolder => {
  removeLeftovers(parent)
  const path = mkdtempSync(join(parent, `${PREFIX}${process.pid}-`))
  if (Buffer.byteLength(path) > LONGEST_FOLDER) {
    rmSync(path, { recursive: true })
    throw new TransportError('protocol', 'connect', `The folder ${parent} has too long a name for sockets.`, {
      started: false,
    })
  }
  const noteKey = join(path, 'note-key')
  const askpass = join(path, 'askpass')
  writeFileSync(noteKey, NOTE_KEY, { mode: 0o600 })
  writeFileSync(askpass, ASKPASS, { mode: 0o700 })
  let number = 0
  return {
    noteKey,
    askpass,
    next: () => {
      const name = join(path, String(++number))
      return { control: `${name}.c`, agent: `${name}.a`, offered: `${name}.k` }
    },
    remove: () => rmSync(path, { recursive: true, force: true }),
  }
}

/** The full path of `ssh`, or `undefined`. */
export const findSsh = (path: string): string | undefined =>
  [...path.split(delimiter).filter(Boolean), '/usr/bin', '/usr/local/bin', '/opt/homebrew/bin']
    .map((folder) => join(folder, 'ssh'))
    .find((program) => existsSync(program))
