import { quoteForPowerShell } from '@opsconductor/winrm'
import { TransportError } from '../fault.ts'
import type { Guard } from '../posix/posix-shell.ts'
import type { ShellCommand } from '../shell.ts'
import type { WinrmEndpoint } from './endpoint.ts'
import { askWindows } from './run.ts'
import type { Station } from './station.ts'

/** Where guards are on the target: a folder in the account's own. */
export const guardFolder = String.raw`%USERPROFILE%\.opsconductor`

const shape = /^[A-Za-z0-9_][A-Za-z0-9_-]{0,99}$/

/** @throws RangeError for an id that is none */
export const checkId = ({ id }: Guard): string => {
  if (!shape.test(id)) throw new RangeError(`not an id of a guard: ${id.slice(0, 120)}`)
  return id
}

/**
 * Takes a guard as a line of cmd: making a folder succeeds for one of all who try. cmd starts in milliseconds, where
 * PowerShell takes seconds. `mkdir` makes the folder above, too.
 */
export const takeByCmd = (id: string): string => {
  const place = `"${guardFolder}\\${id}"`
  return `mkdir ${place} 2>nul && (echo oc-taken) || (if exist ${place} (echo oc-there) else (echo oc-nowhere))`
}

/** The same for accounts that have only PowerShell (5.1 and 7). A name that is a folder cannot be made a file, and the other way round. */
export const takeByPowerShell = (id: string): string =>
  `$folder=Join-Path $env:USERPROFILE '.opsconductor'\n` +
  `$place=Join-Path $folder ${quoteForPowerShell(id)}\n` +
  `try{$null=[IO.Directory]::CreateDirectory($folder);[IO.File]::Open($place,'CreateNew').Close();'oc-taken'}` +
  `catch{if(Test-Path -LiteralPath $place){'oc-there'}else{'oc-nowhere'}}`

const ANSWER_WITHIN_MS = 60_000

/**
 * Whether this guard is ours now: whoever takes it may start, once, or make sure that nobody does.
 *
 * @returns false when somebody has taken it before
 * @throws TransportError; `details.isWithoutFolder` when the account can have no such folder
 */
export const takeGuard = async (
  station: Station,
  endpoint: WinrmEndpoint,
  guard: Guard,
  signal?: AbortSignal,
): Promise<boolean> => {
  const id = checkId(guard)
  const question: Pick<ShellCommand, 'script' | 'interpreter'> =
    station.remote === undefined
      ? { script: takeByCmd(id), interpreter: 'cmd' }
      : { script: takeByPowerShell(id), interpreter: 'powershell' }
  const said = await askWindows(station, endpoint, question, ANSWER_WITHIN_MS, signal)
  if (said.includes('oc-taken')) return true
  if (said.includes('oc-there')) return false
  throw new TransportError(
    'protocol',
    'command',
    `The folder ${guardFolder} cannot be made on the target, so nothing there can be kept from running twice.`,
    { ...endpoint.address, started: false, isWithoutFolder: true },
  )
}
