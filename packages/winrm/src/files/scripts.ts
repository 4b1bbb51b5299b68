// The PowerShell halves of copying a file: short, for they go by -EncodedCommand, and for every version since 2.0.
import { quoteForPowerShell } from '../powershell/quote.ts'

const BEGIN = `$ErrorActionPreference='Stop';$ProgressPreference='SilentlyContinue'\n`

/** Where the path leads, from the user's home when it is relative, without taking `[` for a wildcard. */
const resolve = (path: string) =>
  `$path=$ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath(${quoteForPowerShell(path)})\n`

/** Allowed also where only FIPS 140's implementations are. */
const NEW_HASH = `$sha=New-Object Security.Cryptography.SHA256CryptoServiceProvider\n`

const HEX = `[BitConverter]::ToString($sha.Hash).Replace('-','').ToLower()`

/** Gives the file its name, when it is what was sent. */
const settle =
  `if($have -ne $want){[IO.File]::Delete($temp);throw "What arrived has the SHA-256 $have instead of $want."}\n` +
  `if([IO.File]::Exists($path)){[IO.File]::SetAttributes($path,'Normal')}\n` +
  `Move-Item -LiteralPath $temp -Destination $path -Force\n`

/**
 * Takes base64 lines, and last a line `=` with the SHA-256 of it all in hexadecimal. Only when that fits the file
 * gets its name. @param part the ending of the temporary file's name
 */
export const uploadScript = (path: string, part: string): string =>
  `begin{\n${BEGIN}${resolve(path)}` +
  `if([IO.Directory]::Exists($path)){throw "$path is a folder."}\n` +
  `$temp=$path+${quoteForPowerShell(part)}\n` +
  `$file=[IO.File]::Create($temp)\n${NEW_HASH}$want=''\n}\n` +
  `process{\n$line="$input"\n` +
  `if($line.StartsWith('=')){$want=$line.Substring(1)}\n` +
  `elseif($line){$b=[Convert]::FromBase64String($line);$null=$sha.TransformBlock($b,0,$b.Length,$b,0);$file.Write($b,0,$b.Length)}\n}\n` +
  `end{\n$file.Close()\n$null=$sha.TransformFinalBlock((New-Object byte[] 0),0,0)\n` +
  `$have=${HEX}\n${settle}` +
  `[Console]::Out.WriteLine('='+$have)\n}\n`

/**
 * The same in parts, for a runspace: Windows takes only so much for one command, and the runspace stays when a part
 * fails, so nothing may be left open in it. The line with the SHA-256 comes with the last part.
 */
export const partScript = (path: string, part: string, isFirst: boolean): string =>
  `begin{\n${BEGIN}${resolve(path)}` +
  `if([IO.Directory]::Exists($path)){throw "$path is a folder."}\n` +
  `$temp=$path+${quoteForPowerShell(part)}\n` +
  // what is stopped in the middle can be taken away although it is open still
  `$file=[IO.File]::Open($temp,'${isFirst ? 'CreateNew' : 'Append'}','Write','Delete')\n$want=''\n}\n` +
  `process{\n$line="$_"\n` +
  `if($line.StartsWith('=')){$want=$line.Substring(1)}\n` +
  `elseif($line){try{$b=[Convert]::FromBase64String($line);$file.Write($b,0,$b.Length)}catch{$file.Close();throw}}\n}\n` +
  `end{\n$file.Close()\nif($want){\n${NEW_HASH}` +
  `$file=[IO.File]::OpenRead($temp)\ntry{$null=$sha.ComputeHash($file)}finally{$file.Close()}\n` +
  `$have=${HEX}\n${settle}'='+$have\n}\n}\n`

/** Takes away what an upload that was ended has left. */
export const discardScript = (path: string, part: string): string =>
  `${BEGIN}${resolve(path)}[IO.File]::Delete($path+${quoteForPowerShell(part)})\n`

/** Where a script's lines go: a console would break long ones, and a runspace has none. */
const lineTo = {
  console: (text: string) => `[Console]::Out.WriteLine(${text})`,
  pipeline: (text: string) => text,
}

/** Gives base64 lines, each complete in itself, and last a line `=` with the SHA-256 of it all in hexadecimal. */
export const downloadScript = (path: string, to: keyof typeof lineTo): string =>
  `${BEGIN}${resolve(path)}` +
  // also what someone else is writing to just now
  `$file=[IO.File]::Open($path,'Open','Read','ReadWrite')\n${NEW_HASH}` +
  `$b=New-Object byte[] 245760\n` +
  `try{while(($n=$file.Read($b,0,$b.Length)) -gt 0){$null=$sha.TransformBlock($b,0,$n,$b,0);${lineTo[to]('[Convert]::ToBase64String($b,0,$n)')}}}finally{$file.Close()}\n` +
  `$null=$sha.TransformFinalBlock($b,0,0)\n` +
  `${lineTo[to](`'='+${HEX}`)}\n`
