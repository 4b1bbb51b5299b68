import type { OutputStream } from '../shell.ts'
import { createMarkerReader } from './marker.ts'
import type { Program } from './program.ts'

export type Announcement =
  | { kind: 'run'; processGroup: number; isPlaceKnown: boolean }
  | { kind: 'wrap'; launcher: string }
  /** Not run: the guard was taken before, there is no place for one, not where it was before, or no room. */
  | { kind: 'guarded' | 'homeless' | 'moved' | 'full' }

export type Output = {
  announcement(): Announcement | undefined
  /** Whether the command ran, also where standard error did not say so. */
  isSeenStarted(): boolean
  /** Resolves with what the receiver threw, if it does. */
  failed: Promise<{ error: unknown }>
  /** Nothing is being handed to the receiver any more. */
  drained(): Promise<void>
  /** How long nothing came, in milliseconds; 0 while the receiver holds the streams back. */
  silentMs(): number
  /** What the log-in shell said before or in place of the command. */
  chatter(): string
}

const parseAnnouncement = (line: string): Announcement => {
  const [word, value = '', place] = line.split(' ')
  if (word === 'guarded' || word === 'homeless' || word === 'moved' || word === 'full') return { kind: word }
  return word === 'run'
    ? { kind: 'run', processGroup: Number(value), isPlaceKnown: place === 'known' }
    : { kind: 'wrap', launcher: value }
}

/** Reads both outputs of `program`, keeps the markers to itself and hands on the rest, never two pieces at once. */
export const readOutput = (
  program: Program,
  nonce: string,
  onOutput: (stream: OutputStream, bytes: Uint8Array) => void | Promise<void>,
  onAnnouncement: (announcement: Announcement) => void,
): Output => {
  const { stdout, stderr } = program
  const markers = {
    stdout: createMarkerReader(nonce, /^$/),
    stderr: createMarkerReader(nonce, /^(run \d+( known)?|wrap \w+|guarded|homeless|moved|full)$/),
  }
  const failure = Promise.withResolvers<{ error: unknown }>()
  let handing = Promise.resolve()
  let isHanding = false
  let lastAt = performance.now()
  let announcement: Announcement | undefined

  const settle = async (pending: Promise<void>): Promise<void> => {
    stdout.pause()
    stderr.pause()
    isHanding = true
    try {
      await pending
    } catch (error) {
      failure.resolve({ error })
      return // and nothing more is read
    }
    isHanding = false
    lastAt = performance.now()
    stdout.resume()
    stderr.resume()
  }

  const hand = (stream: OutputStream, bytes: Uint8Array): void => {
    const pending = onOutput(stream, bytes)
    if (pending !== undefined) handing = settle(pending)
  }

  const receive = (stream: OutputStream, bytes: Uint8Array): void => {
    lastAt = performance.now()
    try {
      const rest = markers[stream].feed(bytes)
      const line = markers.stderr.line()
      if (line !== undefined && announcement === undefined) {
        announcement = parseAnnouncement(line)
        onAnnouncement(announcement)
      }
      if (rest !== undefined) hand(stream, rest)
    } catch (error) {
      failure.resolve({ error })
    }
  }
  stdout.on('data', (bytes: Buffer) => receive('stdout', bytes))
  stderr.on('data', (bytes: Buffer) => receive('stderr', bytes))

  return {
    announcement: () => announcement,
    isSeenStarted: () => announcement?.kind === 'run' || markers.stdout.line() !== undefined,
    failed: failure.promise,
    drained: () => handing,
    silentMs: () => (isHanding ? 0 : performance.now() - lastAt),
    chatter: () => [markers.stdout.chatter(), markers.stderr.chatter()].filter(Boolean).join('\n'),
  }
}
