import type { Context } from '../../kernel/context.ts'
import type { Queue } from '../../kernel/queue/queue.ts'
import type { Vault } from '../../kernel/vault/vault.ts'
import type { Wake } from '../../kernel/wake/wake.ts'
import { connectionTestRoutes } from './connection-tests/connection-tests.routes.ts'
import { endLostTests } from './connection-tests/connection-tests.store.ts'
import { createTestTask } from './connection-tests/connection-tests.tasks.ts'
import { createConnectionTests } from './connection-tests/connection-tests.ts'
import { createConnections, type Wires } from './connections/connections.ts'
import type { LoginSettings } from './connections/login.ts'
import { credentialRoutes } from './credentials/credentials.routes.ts'
import { createCredentials } from './credentials/credentials.ts'
import { openCredential } from './credentials/opening.ts'
import { hostKeyRoutes } from './host-keys/host-keys.routes.ts'
import { createHostKeys } from './host-keys/host-keys.ts'
import { targetUuidOf } from './targets/find-target.ts'
import { forRun } from './targets/run-targets.ts'
import { targetRoutes } from './targets/targets.routes.ts'
import { createTargets } from './targets/targets.ts'

export type { OpenConnection, OpenRequest, Wires } from './connections/connections.ts'
export type { RunMethod, RunTarget, RunTargets } from './targets/run-targets.ts'

const noLogins: LoginSettings = { agentSockets: [], isSystemAllowed: false }

/** A test that has no result by then will not get one. */
const lostTestSec = 600

export type Ports = {
  vault: Vault
  queue: Queue
  wake: Wake
  /** Null in a process that runs no executor. */
  wires: Wires | null
  /** What log-ins may use of the executor's machine; nothing unless told. */
  logins?: LoginSettings
  /** Whether the Kerberos tickets of the executor's own account may be used. */
  mayUseTickets?: boolean
}

/** What there is to manage and how to reach it. */
export const createAssets = ({ vault, queue, wake, wires, logins = noLogins, mayUseTickets = false }: Ports) => {
  const credentials = createCredentials({ vault, wake })
  const targets = createTargets({ wake })
  const hostKeys = createHostKeys({ wake })
  const connections = createConnections({ openCredential: openCredential({ vault }), wires, logins, mayUseTickets })
  const connectionTests = createConnectionTests({ queue, wake })
  return {
    endpoints: [
      ...credentialRoutes({ credentials }),
      ...targetRoutes({ targets }),
      ...hostKeyRoutes({ hostKeys }),
      ...connectionTestRoutes({ connectionTests }),
    ],
    targets: {
      /** Adds a target; for what the program sets up on its own, such as the demonstration. */
      create: targets.create,
      /** Resolves UUIDs, serials and names of targets in use. Asks for no permission: that is the caller's. */
      forRun,
      uuidOf: targetUuidOf,
      /** Targets in use, by health. */
      counts: targets.counts,
    },
    credentials: {
      /** Credentials in use. */
      count: credentials.count,
    },
    connections: {
      /** Opens the credential and connects. @throws TransportError with its fault when that does not succeed */
      open: connections.open,
    },
    /** For the scheduler: tests that no executor will finish any more. */
    endLostTests: (ctx: Context) => endLostTests(ctx.db, lostTestSec),
    /** The task `{ test: uuid }` of the queue `test.<zone>`. Harmless twice. */
    runTest: createTestTask({ connections, wake }),
  }
}

export type Assets = ReturnType<typeof createAssets>
