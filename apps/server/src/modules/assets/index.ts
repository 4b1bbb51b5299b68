import type { Target } from '@opsconductor/contract'
import type { Context } from '../../kernel/context.ts'
import type { Endpoint } from '../../kernel/http/endpoints.ts'
import type { Queue } from '../../kernel/queue/queue.ts'
import type { Vault } from '../../kernel/vault/vault.ts'
import type { Wake } from '../../kernel/wake/wake.ts'
import type { OpenConnection, OpenRequest, Wires } from './connections/connections.ts'
import type { RunTargets } from './targets/run-targets.ts'

export type { OpenConnection, OpenRequest, Wires } from './connections/connections.ts'
export type { RunMethod, RunTarget, RunTargets } from './targets/run-targets.ts'

export type Ports = {
  vault: Vault
  queue: Queue
  wake: Wake
  /** Null in a process that runs no executor. */
  wires: Wires | null
}

/** What there is to manage and how to reach it. */
export type Assets = {
  endpoints: Endpoint[]
  targets: {
    /** Resolves UUIDs, serials and names of targets in use. Asks for no permission: that is the caller's. */
    forRun: (ctx: Context, refs: readonly string[]) => Promise<RunTargets>
    /** Targets in use, by health. */
    counts: (ctx: Context) => Promise<{ total: number } & Record<Target['health'], number>>
  }
  credentials: {
    /** Credentials in use. */
    count: (ctx: Context) => Promise<number>
  }
  connections: {
    /** Opens the credential and connects. @throws TransportError with its fault when that does not succeed */
    open: (ctx: Context, request: OpenRequest) => Promise<OpenConnection>
  }
  /** The task `{ test: uuid }` of the queue `test.<zone>`. Harmless twice. */
  runTest: (ctx: Context, task: { test: string }) => Promise<void>
}

export const createAssets = (_ports: Ports): Assets => {
  throw new Error('The assets module is not there yet.')
}
