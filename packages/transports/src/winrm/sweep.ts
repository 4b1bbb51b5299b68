import { askWindows } from './run.ts'
import type { WinrmEndpoint } from './endpoint.ts'
import type { Station } from './station.ts'

const MOST_AT_ONCE = 500
const SWEEP_EVERY_MS = 86_400_000
const SWEEP_WITHIN_MS = 120_000

/**
 * Removes guards that are more than eight days old, with the notes inside of them or beside. What still runs keeps its
 * own, for who takes such a step over would find it never begun, and run it again. For Windows PowerShell 3 to 5.1; an
 * error ends the script before it has removed anything.
 */
export const sweepScript =
  `$ErrorActionPreference='Stop'\n` +
  `$folder=Join-Path $env:USERPROFILE '.opsconductor'\n` +
  `$old=[DateTime]::UtcNow.AddDays(-8)\n` +
  `$guards=@(Get-ChildItem -LiteralPath $folder -Force|Where-Object{$_.Name -match '^[A-Za-z0-9_][A-Za-z0-9_-]{0,99}$' -and $_.LastWriteTimeUtc -lt $old}|Select-Object -First ${MOST_AT_ONCE})\n` +
  `if($guards.Count -eq 0){exit 0}\n` +
  `$began=@{};$lines=''\n` +
  `foreach($one in @(Get-CimInstance Win32_Process -ErrorAction Stop)){\n` +
  `if($one.CreationDate){$began[[long]$one.ProcessId]=[long]$one.CreationDate.ToUniversalTime().Ticks}\n` +
  `if($one.Name -eq 'cmd.exe'){$lines+="$($one.CommandLine)\`n"}}\n` +
  `foreach($guard in $guards){$beside="$($guard.FullName).d"\n` +
  `$lives=$lines.Contains("OC_STEP=$($guard.Name)\`"")\n` +
  `foreach($place in @((Join-Path $guard.FullName 'process'),(Join-Path $beside 'process'))){\n` +
  `if(-not(Test-Path -LiteralPath $place)){continue}\n` +
  `$note=[IO.File]::ReadAllText($place).Split(' ');$number=[long]$note[0]\n` +
  `if($began.ContainsKey($number) -and [Math]::Abs($began[$number]-[long]$note[1]) -lt 10000000){$lives=$true}}\n` +
  `if($lives){continue}\n` +
  `foreach($path in @($beside,$guard.FullName)){if(Test-Path -LiteralPath $path){Remove-Item -LiteralPath $path -Recurse -Force -ErrorAction SilentlyContinue}}}\n`

/** What is remembered of a machine for longer than we are logged in to it. */
export type Habits = {
  /** See `performance.now()`. */
  sweptAt?: number
}

/** In the background, once a day for each machine: nobody waits for it, and it may fail. */
export const sweep = (station: Station, endpoint: WinrmEndpoint, habits: Habits): void => {
  const now = performance.now()
  if (habits.sweptAt !== undefined && now - habits.sweptAt < SWEEP_EVERY_MS) return
  habits.sweptAt = now
  void askWindows(station, endpoint, { script: sweepScript }, SWEEP_WITHIN_MS).catch(() => {})
}
