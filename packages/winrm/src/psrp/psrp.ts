import type { Client } from '../client.ts'
import type { PowerShellCommand } from '../powershell/run.ts'
import { createKeeper } from '../winrs/keeper.ts'
import { openRunspace, type PipelineOptions, type RunspaceSettings } from './runspace.ts'

/** PowerShell that stays: scripts run in runspaces that are kept for the next one. */
export type Psrp = {
  /** As `powershell`, without the seconds a new powershell.exe takes. @throws as `Runspace.run` */
  run(script: string, options?: PipelineOptions): Promise<PowerShellCommand>
  /** The client whose connections it uses. */
  readonly client: Client
  /** Ends the runspaces; the client goes on. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * PowerShell Remoting (MS-PSRP 2.3) over a client's connections. It works also for whom a session configuration admits
 * and WinRS does not (Remote Management Users), as long as that has the full language: JEA has not.
 */
export const psrp = (client: Client, settings: RunspaceSettings = {}): Psrp => {
  const keeper = createKeeper(
    (_settings: RunspaceSettings, signal) => openRunspace(client.station, settings, signal),
    () => '',
    client.station.maxCommandsPerShell,
  )
  return {
    client,
    run: (script, options = {}) => keeper.run(settings, options.signal, (runspace) => runspace.run(script, options)),
    close: () => keeper.close(),
    [Symbol.asyncDispose]: () => keeper.close(),
  }
}
