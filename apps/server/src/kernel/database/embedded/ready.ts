import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'

export type Answer =
  | { readonly kind: 'ready' }
  /** It lives and does not serve yet or no longer: starting, recovering, shutting down. */
  | { readonly kind: 'busy' }
  | { readonly kind: 'silent' }
  | { readonly kind: 'refused'; readonly reason: string }

/** Asks the server once. */
export const ask = async (url: string): Promise<Answer> => {
  const client = new Client({
    connectionString: url,
    connectionTimeoutMillis: 5_000,
    application_name: 'opsconductor start',
  })
  client.on('error', () => {}) // it may end while we ask; the query says so
  try {
    await client.connect()
    await client.query('select')
    return { kind: 'ready' }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (code.startsWith('57P') || code === '53300') return { kind: 'busy' } // cannot_connect_now, shutting down; too many clients
    if (/^[0-9A-Z]{5}$/.test(code)) return { kind: 'refused', reason: error instanceof Error ? error.message : code }
    return { kind: 'silent' }
  } finally {
    await client.end().catch(() => {})
  }
}

/**
 * Waits until the server serves.
 *
 * @param ended resolves with words when the server's process has ended
 * @returns undefined when it serves, else why it will not
 */
export const untilReady = async (
  url: string,
  ended: Promise<string>,
  signal: AbortSignal,
): Promise<string | undefined> => {
  let end: string | undefined
  void ended.then((how) => (end = how))
  // recovery after a crash may take minutes, so as long as the process lives it has time
  for (;;) {
    signal.throwIfAborted()
    const answer = await ask(url)
    if (answer.kind === 'ready') return undefined
    if (answer.kind === 'refused') return answer.reason
    if (end !== undefined) return end
    await sleep(25, undefined, { signal })
  }
}
