import { api } from '@opsconductor/contract'
import type { Server } from '../server-process.ts'
import type { Targets } from './targets.ts'

/** Makes the targets known to the server, with the key that opens them. */
export const addTargets = async ({ call }: Server, targets: Targets): Promise<void> => {
  const { host, port, username, privateKey } = targets
  await call(api.credentials.create, { body: { name: 'key', type: 'ssh_key', secret: { username, privateKey } } })
  const waiting = [...targets.names]
  const add = async (): Promise<void> => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      await call(api.targets.create, {
        body: { name, methods: [{ type: 'ssh', config: { host, port }, credential: 'key' }] },
      })
    }
  }
  await Promise.all(Array.from({ length: 8 }, add))
}
