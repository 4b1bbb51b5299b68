import { createHash } from 'node:crypto'
import type { RunMethod } from '../../assets/index.ts'

/**
 * Where a step leaves word on its target that it has begun, as a short hash: the machine, the way there, the folder and
 * the account. Somewhere else nothing is known of the step, and it would begin a second time.
 *
 * A new password of the same account changes nothing; what has no account name counts by its secret.
 */
export const placeHashOf = (target: { uuid: string }, method: RunMethod): string => {
  const { type, host, port, guardDirectory, credential, way } = method
  const account = credential === null ? null : [credential.uuid, credential.username ?? credential.secretVersion]
  const hops = way.hops.map(({ method }) => [method.host, method.port])
  return createHash('sha256')
    .update(JSON.stringify([target.uuid, type, host, port, guardDirectory, account, hops]))
    .digest('base64url')
    .slice(0, 22)
}
