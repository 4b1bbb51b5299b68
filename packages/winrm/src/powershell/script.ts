// The PowerShell text around a script. It has to run on every version since 2.0.

/** Progress would only fill the error stream; output is UTF-8, without a mark at its beginning. */
export const PROLOGUE =
  `$ProgressPreference='SilentlyContinue'\n` +
  `try{[Console]::OutputEncoding=New-Object Text.UTF8Encoding $false}catch{}\n`

/**
 * The exit code: that of the last program the script called; else 1 when its last statement failed, as PowerShell has
 * it. (A script that ends by `exit` or an uncaught error never comes here, and its code is already right.)
 */
export const EPILOGUE = `\n$__ok=$?;if(Test-Path Variable:LASTEXITCODE){exit $LASTEXITCODE};if(-not $__ok){exit 1}\n`

export const wrapScript = (script: string): string => PROLOGUE + script + EPILOGUE

/**
 * Runs a script that comes through the standard input as base64 of UTF-8, line by line: that is not limited in length,
 * and no code page can spoil it.
 */
export const STDIN_BOOTSTRAP =
  `$ProgressPreference='SilentlyContinue'\n` +
  `$__script=[Text.Encoding]::UTF8.GetString([Convert]::FromBase64String((-join @($input))))\n` +
  `. ([ScriptBlock]::Create($__script))\n`

/** The same for a script in environment variables, for when the standard input is the script's own. */
export const ENVIRONMENT_BOOTSTRAP =
  `$ProgressPreference='SilentlyContinue'\n` +
  `$__script=[Text.Encoding]::UTF8.GetString([Convert]::FromBase64String($env:WINRM_SCRIPT))\n` +
  `Remove-Item Env:WINRM_SCRIPT\n` +
  `$input|. ([ScriptBlock]::Create($__script))\n`

/** Base64 in lines, for `$input` hands on lines, and a line of any length would have to be kept whole. */
export const base64Lines = (text: string): string =>
  Buffer.from(text)
    .toString('base64')
    .replaceAll(/.{1,4000}/g, '$&\r\n')

/** The command line of powershell.exe for a script that fits into it. */
export const encodedCommandLine = (script: string): string =>
  `powershell.exe -NoProfile -NonInteractive -ExecutionPolicy Bypass -EncodedCommand ${Buffer.from(script, 'utf16le').toString('base64')}`
