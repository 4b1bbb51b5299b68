// The PowerShell text around a script. It has to run on every version since 2.0.
import { quoteForPowerShell } from './quote.ts'

/** Where the script's text is when PowerShell starts: an expression. */
export const Source = {
  /** In the text around it. */
  literal: (script: string) => quoteForPowerShell(script),
  /** Base64 of UTF-8 on the standard input, line by line: not limited in length, and no code page can spoil it. */
  stdin: `[Text.Encoding]::UTF8.GetString([Convert]::FromBase64String((-join @($input))))`,
  /** In a variable, for when the standard input is the script's own. */
  variable: `[Text.Encoding]::UTF8.GetString([Convert]::FromBase64String($env:WINRM_SCRIPT))`,
} as const

/** What differs between a powershell.exe of its own and a runspace that stays. */
export type Frame = {
  readonly head: string
  /** Runs behind the script, in its scope: turns how it ended into an exit code. */
  readonly tail: string
}

/**
 * A process: progress would only fill the error stream; output is UTF-8, without a mark at its beginning. Its exit code:
 * that of the last program the script called; else 1 when its last statement failed, as PowerShell has it. (A script
 * that ends by `exit` or an uncaught error never comes to the tail, and its code is already right.)
 */
export const PROCESS: Frame = {
  head:
    `$ProgressPreference='SilentlyContinue'\n` +
    `try{[Console]::OutputEncoding=New-Object Text.UTF8Encoding $false}catch{}\n`,
  tail: `\n$__ok=$?;if(Test-Path Variable:LASTEXITCODE){exit $LASTEXITCODE};if(-not $__ok){exit 1}\n`,
}

/** A prologue and a script as one text: no script holds a NUL. */
export const withPrologue = (prologue: string, script: string): string =>
  prologue === '' ? script : `${prologue}\0${script}`

/** Runs the prologue and leaves the script in `$__script`. A prologue may hold secrets: it stands where the script does. */
const taken = (source: string, prologue: string): string => {
  if (prologue === '') return `$__script=${source}\n`
  if (source !== Source.stdin && source !== Source.variable) return `${prologue}\n$__script=${source}\n`
  return (
    `$__all=${source}\n$__at=$__all.IndexOf([char]0)\n` +
    `. ([ScriptBlock]::Create($__all.Substring(0,$__at)))\n$__script=$__all.Substring($__at+1)\n`
  )
}

/**
 * The script as a block of its own, so that it may begin with `param` or `using`, and errors tell its own lines. One
 * of `begin`, `process` and `end` blocks takes no tail: then it runs without.
 * @param source one of `Source`; what it gives is `withPrologue`, unless it is a literal
 * @param prologue statements that run before it, in its scope
 */
export const framed = ({ head, tail }: Frame, source: string, hasInput: boolean, prologue = ''): string =>
  head +
  taken(source, prologue) +
  (source === Source.variable ? `Remove-Item Env:WINRM_SCRIPT\n` : '') +
  `try{$__block=[ScriptBlock]::Create($__script+${quoteForPowerShell(tail)})}` +
  // without `throw` an error of syntax would be told, and then go on to a second one
  `catch{try{$__block=[ScriptBlock]::Create($__script)}catch{throw $_}}\n` +
  `${hasInput ? '$input|' : ''}. $__block\n`

/** Base64 in lines, for `$input` hands on lines, and a line of any length would have to be kept whole. */
export const base64Lines = (text: string): string =>
  Buffer.from(text)
    .toString('base64')
    .replaceAll(/.{1,4000}/g, '$&\r\n')

/** The command line of powershell.exe for a script that fits into it. */
export const encodedCommandLine = (script: string): string =>
  `powershell.exe -NoProfile -NonInteractive -ExecutionPolicy Bypass -EncodedCommand ${Buffer.from(script, 'utf16le').toString('base64')}`
