/** A runspace keeps its variables: what the last script's program ended with is not this one's. */
export const PROLOGUE = `$global:LASTEXITCODE=$null\n`

/** As in a process of its own: the last program's exit code, else 1 when the last statement failed. */
export const EPILOGUE = `\n$__ok=$?;if($null -ne $LASTEXITCODE){$host.SetShouldExit($LASTEXITCODE)}elseif(-not $__ok){$host.SetShouldExit(1)}\n`
