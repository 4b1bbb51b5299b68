import { CancelledError, download, RemoteFileError, upload, WinrmError } from '@opsconductor/winrm'
import { CopyEnd, failedAt } from '../copy/result.ts'
import type { TargetFiles } from '../copy/target-files.ts'
import type { WinrmEndpoint } from './endpoint.ts'
import type { Station } from './station.ts'
import { winrmFault } from './winrm-fault.ts'

/** How files get to a Windows machine and back: PowerShell takes and gives them. */
export const createWindowsFiles = ({ client, remote }: Station, endpoint: WinrmEndpoint): TargetFiles => {
  const through = remote ?? client

  /** @param hasBegun whether something has moved already */
  const endOf = (error: unknown, path: string, hasBegun: boolean): unknown => {
    if (!(error instanceof WinrmError)) return error
    if (error instanceof CancelledError)
      return new CopyEnd({ kind: 'stopped', because: 'cancelled', outcome: 'stopped', pids: [] }, error)
    if (error instanceof RemoteFileError) return failedAt(path, error.message, error)
    if (!hasBegun && !error.mayHaveBegun) return winrmFault(error, endpoint)
    return new CopyEnd({ kind: 'unknown', path, reason: error.message }, error)
  }

  return {
    async write(path, content, { signal, onBytes }) {
      let hasBegun = false
      const noticed = async function* () {
        hasBegun = true // it is asked for once the machine waits for it
        yield* content
      }
      try {
        return await upload(through, noticed(), path, { signal, onProgress: onBytes })
      } catch (error) {
        throw endOf(error, path, hasBegun)
      }
    },
    async *read(path, { signal, onBytes }) {
      let hasBegun = false
      const onProgress = (doneBytes: number): void => {
        hasBegun = true
        onBytes(doneBytes)
      }
      try {
        return yield* download(through, path, { signal, onProgress })
      } catch (error) {
        throw endOf(error, path, hasBegun)
      }
    },
  }
}
