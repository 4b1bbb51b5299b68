import { framed, Source, type Frame } from '../powershell/script.ts'

/** A runspace keeps its variables: what the last script's program ended with is not this one's. `exit` ends nothing here. */
const RUNSPACE: Frame = {
  head: `$global:LASTEXITCODE=$null\n`,
  tail: `\n$__ok=$?;if($null -ne $LASTEXITCODE){$host.SetShouldExit($LASTEXITCODE)}elseif(-not $__ok){$host.SetShouldExit(1)}\n`,
}

export const runspaceScript = (script: string, hasInput: boolean, prologue?: string): string =>
  framed(RUNSPACE, Source.literal(script), hasInput, prologue)
