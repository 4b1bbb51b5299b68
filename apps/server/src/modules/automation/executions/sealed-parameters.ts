import type { Values } from '@opsconductor/contract'
import type { Vault } from '../../../kernel/vault/vault.ts'
import type { RunValues } from '../plans/values.ts'

/** Secret values of an execution rest in the vault, bound to it. */
export const sealParameters = (vault: Vault, executionUuid: string, secrets: Values): Buffer | null =>
  Object.keys(secrets).length === 0
    ? null
    : vault.seal(Buffer.from(JSON.stringify(secrets)), `execution:${executionUuid}`)

export const openParameters = (vault: Vault, executionUuid: string, sealed: Uint8Array | null): Values =>
  sealed === null ? {} : (JSON.parse(vault.open(sealed, `execution:${executionUuid}`).toString()) as Values)

/** The values an execution runs with, its secrets opened: for the executor alone. */
export const openValues = (
  vault: Vault,
  execution: { uuid: string; parameters: unknown; sealedParameters: Uint8Array | null },
): RunValues => {
  const secrets = openParameters(vault, execution.uuid, execution.sealedParameters)
  return {
    values: { ...(execution.parameters as Values), ...secrets },
    secretNames: new Set(Object.keys(secrets)),
  }
}
