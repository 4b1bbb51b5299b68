import type { LocalWire, OnPhase, Shell, SshWire } from '@opsconductor/transports'
import type { RunMethod } from '../targets/run-targets.ts'

/** What reaches machines; only a process that runs an executor has it. `local` is null unless configuration turned it on. */
export type Wires = { ssh: SshWire; local: LocalWire | null }

export type OpenRequest = {
  target: { uuid: string; name: string }
  method: RunMethod
  purpose: 'execution' | 'test'
  executionUuid?: string
  /** On whose behalf the credential is opened. */
  actorName: string
  signal: AbortSignal
  onPhase?: OnPhase
}

/** `secrets` are the texts that no output may show. Whoever has it disposes of the shell. */
export type OpenConnection = { shell: Shell; secrets: string[] }
