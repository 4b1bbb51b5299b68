// How what a guarded command has started is found: by the number of a process and the time it began, for numbers are used
// again. All of it is for Windows PowerShell 3 to 5.1, which is what powershell.exe is.
import { quoteForPowerShell } from '@opsconductor/winrm'

const noteIn = (folder: string) =>
  `$place=Join-Path $env:USERPROFILE ${quoteForPowerShell(`.opsconductor\\${folder}\\process`)}`

const OWN = `$PID $([Diagnostics.Process]::GetCurrentProcess().StartTime.ToUniversalTime().Ticks)`

/** Runs before the script. A machine where it fails runs the script all the same, and cannot be asked about it. */
export const noteProcess = (id: string): string => `try{${noteIn(id)};[IO.File]::WriteAllText($place,"${OWN}")}catch{}`

/**
 * The same in a PowerShell that stays: what that starts from now on is this command's, for it runs one at a time. Beside
 * the guard, which is a file there.
 */
export const noteHost = (id: string): string =>
  `try{${noteIn(`${id}.d`)};$null=[IO.Directory]::CreateDirectory((Split-Path $place));` +
  `[IO.File]::WriteAllText($place,"${OWN} $([DateTime]::UtcNow.Ticks)")}catch{}`

/**
 * A line of cmd by which its cmd.exe is found: that has the id on its command line, and so has no child of it.
 */
export const markedLine = (id: string, line: string): string => `set "OC_STEP=${id}"&${line}`

/** cmd.exe with that mark, as PowerShell. */
const markedBy = (id: string): string =>
  `@(Get-CimInstance Win32_Process -Filter "Name='cmd.exe'" -ErrorAction Stop|` +
  `Where-Object{$_.CreationDate -and $_.CommandLine -and $_.CommandLine.Contains(${quoteForPowerShell(`OC_STEP=${id}"`)})}|Sort-Object CreationDate)`

/**
 * `left`: numbers of the first process and of all that descend from it, as far as they live, the oldest first. A child
 * keeps the number of its parent, also of one that is gone; so `$seen` keeps all that were ever found. Where a number is
 * used again, who began after that is a child of the other one. An error ends the script before it has said anything:
 * nothing found and nothing left are not the same.
 */
const findLeft =
  `$ErrorActionPreference='Stop'\n` +
  `function ticks($one){[long]$one.CreationDate.ToUniversalTime().Ticks}\n` +
  `$seen=@{}\n` +
  `function left{\n` +
  `$all=@(Get-CimInstance Win32_Process -ErrorAction Stop|Where-Object{$_.CreationDate})\n` +
  `$now=@{}\nforeach($one in $all){$now[[long]$one.ProcessId]=ticks $one}\n` +
  `do{$more=$false\nforeach($one in $all){$number=[long]$one.ProcessId;$parent=[long]$one.ParentProcessId;$at=$now[$number]\n` +
  `if($at -lt $from -or $seen[$number] -eq $at -or -not $seen.ContainsKey($parent) -or $at -lt $seen[$parent]){continue}\n` +
  `if($now.ContainsKey($parent) -and $now[$parent] -ne $seen[$parent] -and $at -ge $now[$parent]){continue}\n` +
  `$seen[$number]=$at;$more=$true}}while($more)\n` +
  `,@($all|Where-Object{$seen[[long]$_.ProcessId] -eq $now[[long]$_.ProcessId] -and -not(spared $_)}|Sort-Object CreationDate|ForEach-Object{[long]$_.ProcessId})}\n`

/** The first process as it is listed, whose times are a little less exact than its own. */
const seeFirst =
  `$here=@(Get-CimInstance Win32_Process -Filter "ProcessId=$first" -ErrorAction Stop|Where-Object{$_.CreationDate -and [Math]::Abs((ticks $_)-$born) -lt 10000000})\n` +
  `if($here.Count -gt 0){$born=ticks $here[0]}\n` +
  `$seen[$first]=$born\n`

const readNote = `$note=[IO.File]::ReadAllText($place).Split(' ');$first=[long]$note[0];$born=[long]$note[1]`

/** What noted itself, or the cmd.exe with the mark. */
const findFirst = (id: string): string =>
  `${findLeft}function spared($one){$one.ProcessId -eq $PID}\n${noteIn(id)}\n` +
  `if(Test-Path -LiteralPath $place){${readNote}}else{$marked=${markedBy(id)}\n` +
  `if($marked.Count -eq 0){'oc-unknown';exit 0}\n` +
  `$first=[long]$marked[0].ProcessId;$born=ticks $marked[0]}\n` +
  `${seeFirst}$from=$born\n`

/** The PowerShell that stays is none of what is left, and neither is the console it has made for what it starts. */
const findHost = (id: string): string =>
  `${findLeft}function spared($one){$one.ProcessId -eq $PID -or $one.ProcessId -eq $first -or ($one.Name -eq 'conhost.exe' -and $one.ParentProcessId -eq $first)}\n` +
  `${noteIn(`${id}.d`)}\nif(-not(Test-Path -LiteralPath $place)){'oc-unknown';exit 0}\n` +
  `${readNote};$from=[long]$note[2]\n${seeFirst}`

const endAll =
  `foreach($try in 1..3){$left=left\nif($left.Count -eq 0){break}\n` +
  `foreach($number in $left){Stop-Process -Id $number -Force -ErrorAction SilentlyContinue}\nStart-Sleep -Milliseconds 300}\n`

const say = `$left=left\n"oc-left $left"`

/** Says which processes of a command live: `oc-left 12 34`, with nothing behind it when there are none; or `oc-unknown`. */
export const lookScript = (id: string): string => `${findFirst(id)}${say}`

/** Ends them, and says which are left. */
export const stopScript = (id: string): string => `${findFirst(id)}${endAll}${say}`

/** The same for what a PowerShell that stays has started for a command. */
export const stopUnderHostScript = (id: string): string => `${findHost(id)}${endAll}${say}`

/** What one of the scripts has said. Undefined: there was nothing to find it by. */
export const readLeft = (said: string): number[] | undefined => {
  const line = /^oc-left\b(.*)$/m.exec(said)?.[1]
  return line === undefined
    ? undefined
    : line
        .split(' ')
        .map(Number)
        .filter((pid) => pid > 0)
}
