import { createHash } from 'node:crypto'
import ssh2, { type BaseAgent, type IdentityCallback, type ParsedKey } from 'ssh2'
import { TransportError } from '../fault.ts'
import { sleep } from '../wait.ts'

const ANSWER_WITHIN_MS = 5_000

/**
 * The agent behind a Unix socket, with the keys that may be tried. It is asked before anything is connected.
 *
 * Throws a `denied` TransportError when it does not answer or has no such key.
 */
export const openAgent = async (socketPath: string, fingerprint: string | undefined): Promise<BaseAgent> => {
  const agent = new ChosenKeys(socketPath)
  const identities = new Promise<ParsedKey[]>((resolve, reject) =>
    new ssh2.OpenSSHAgent(socketPath).getIdentities((error, keys) => {
      if (error) reject(error instanceof Error ? error : new Error(String(error)))
      else resolve((keys ?? []) as ParsedKey[])
    }),
  )
  identities.catch(() => {})
  const keys = await Promise.race([identities, sleep(ANSWER_WITHIN_MS)]).catch((cause: unknown) => {
    throw denied(
      `The key agent at ${socketPath} does not answer. Check that it runs and that the server may use it.`,
      cause,
    )
  })
  if (keys === undefined)
    throw denied(`The key agent at ${socketPath} did not answer within ${ANSWER_WITHIN_MS / 1000} s.`)
  agent.keys = keys.filter((key) => fingerprint === undefined || fingerprintOf(key) === fingerprint)
  if (agent.keys.length > 0) return agent
  throw denied(
    fingerprint === undefined
      ? `The key agent at ${socketPath} holds no key. Add one with ssh-add.`
      : `The key agent at ${socketPath} does not hold the key ${fingerprint}. Add it with ssh-add.`,
  )
}

class ChosenKeys extends ssh2.OpenSSHAgent {
  keys: ParsedKey[] = []
  override getIdentities(done: IdentityCallback<ParsedKey>): void {
    done(undefined, this.keys)
  }
}

const fingerprintOf = (key: ParsedKey): string =>
  `SHA256:${createHash('sha256').update(key.getPublicSSH()).digest('base64').replace(/=+$/, '')}`

const denied = (message: string, cause?: unknown): TransportError =>
  new TransportError('denied', 'authentication', message, { started: false }, cause)
