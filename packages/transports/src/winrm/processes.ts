// What a guarded PowerShell leaves to be found by: its number and the time it began, for numbers are used again. All of it is for
// Windows PowerShell 3 to 5.1, which is what powershell.exe is.
import { quoteForPowerShell } from '@opsconductor/winrm'

const placeOf = (id: string) =>
  `$place=Join-Path $env:USERPROFILE ${quoteForPowerShell(`.opsconductor\\${id}\\process`)}`

/** Runs before the script. A machine where it fails runs the script all the same, and cannot be asked about it. */
export const noteProcess = (id: string): string =>
  `try{${placeOf(id)};[IO.File]::WriteAllText($place,"$PID $([Diagnostics.Process]::GetCurrentProcess().StartTime.Ticks)")}catch{}`

/**
 * `$left`: numbers of the noted process and of all that descend from it, as far as they live. A child keeps the number of
 * its parent, also of one that is gone; who began before the noted process is the child of another with that number.
 * An error ends the script before it has said anything: nothing found and nothing left are not the same.
 */
const findLeft =
  `$ErrorActionPreference='Stop'\n` +
  `function left($number,[long]$since){\n` +
  `$all=@(Get-CimInstance Win32_Process -ErrorAction Stop|Where-Object{$_.CreationDate -and $_.CreationDate.Ticks -ge $since-10000000})\n` +
  `$found=@($all|Where-Object{$_.ProcessId -eq $number -and $_.CreationDate.Ticks -lt $since+10000000}|ForEach-Object{[long]$_.ProcessId})\n` +
  `$parents=@([long]$number)\n` +
  `while($parents.Count -gt 0){$parents=@($all|Where-Object{$parents -contains [long]$_.ParentProcessId -and $found -notcontains [long]$_.ProcessId}|ForEach-Object{[long]$_.ProcessId});$found+=$parents}\n` +
  `,@($found|Where-Object{$_ -ne $PID})}\n`

const readNote = (id: string): string =>
  `${placeOf(id)}\nif(-not(Test-Path -LiteralPath $place)){'oc-unknown';exit 0}\n$note=[IO.File]::ReadAllText($place).Split(' ')\n`

/** Says which processes of a command live: `oc-left 12 34`, with nothing behind it when there are none; or `oc-unknown`. */
export const lookScript = (id: string): string =>
  `${findLeft}${readNote(id)}$left=left ([long]$note[0]) ([long]$note[1])\n"oc-left $left"`

/** Ends them, and says which are left. */
export const stopScript = (id: string): string =>
  `${findLeft}${readNote(id)}foreach($try in 1..3){$left=left ([long]$note[0]) ([long]$note[1])\n` +
  `if($left.Count -eq 0){break}\n` +
  `foreach($number in $left){Stop-Process -Id $number -Force -ErrorAction SilentlyContinue}\nStart-Sleep -Milliseconds 300}\n` +
  `$left=left ([long]$note[0]) ([long]$note[1])\n"oc-left $left"`

/** What one of the scripts has said. Undefined: nothing was noted. */
export const readLeft = (said: string): number[] | undefined => {
  const line = /^oc-left\b(.*)$/m.exec(said)?.[1]
  return line === undefined
    ? undefined
    : line
        .split(' ')
        .map(Number)
        .filter((pid) => pid > 0)
}
