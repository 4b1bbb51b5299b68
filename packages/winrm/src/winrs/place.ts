import type { Lane } from '../connection/lane.ts'
import { ShellLostError, WinrmError } from '../errors.ts'
import { Action } from '../wsman/namespaces.ts'
import { shellPort, type Ask, type ShellPort, type Station } from './shell-port.ts'

/** How long Windows may take to delete a shell. */
const DELETE_MS = 5_000

/** What a shell and a runspace have in common: a lane of their own, one command at a time, and an end. */
export type OwnPlace = {
  readonly port: ShellPort
  readonly isUsable: boolean
  readonly isBusy: boolean
  readonly commandCount: number
  /** A command begins. @throws ShellLostError when it is closed, WinrmError when another one runs */
  begin(): void
  /** It is over, or has not begun. When the place is not usable any more it ends with all that runs in it. */
  end(isUsable: boolean): void
  /** Never throws: Windows ends it by itself when it has been idle long enough. */
  close(): Promise<void>
}

export const createPlace = (
  station: Station,
  lane: Lane,
  shell: { readonly id: string; readonly resourceUri: string },
): OwnPlace => {
  let state: 'open' | 'lost' | 'closed' = 'open'
  let isBusy = false
  let commandCount = 0
  let deletion: Promise<boolean> | undefined

  const remove = async (ask: Ask): Promise<boolean> => {
    try {
      await ask({ action: Action.delete, body: '', isRepeatable: true, operationTimeoutMs: DELETE_MS })
      return true
    } catch (error) {
      return error instanceof ShellLostError
    } finally {
      station.lanes.give(lane)
    }
  }
  const abandon = (): Promise<boolean> => {
    state = 'lost'
    return (deletion ??= remove(port.askBeside))
  }
  const port = shellPort(station, lane, shell, abandon)

  return {
    port,
    get isUsable() {
      return state === 'open'
    },
    get isBusy() {
      return isBusy
    },
    get commandCount() {
      return commandCount
    },
    begin() {
      if (state !== 'open') throw new ShellLostError('The shell is closed.')
      if (isBusy) throw new WinrmError('Another command still runs in this shell: open a second one.')
      isBusy = true
      commandCount++
    },
    end(isUsable) {
      isBusy = false
      if (!isUsable) void abandon()
    },
    async close() {
      if (state === 'open') {
        state = 'closed'
        // while a Receive waits on the lane, Delete has to go beside it
        deletion ??= remove(isBusy ? port.askBeside : port.ask)
      }
      await deletion
    },
  }
}
