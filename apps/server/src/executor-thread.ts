import { parentPort, workerData } from 'node:worker_threads'
import { createApp } from './app.ts'
import type { Config } from './config.ts'
import { createLog } from './kernel/log.ts'
import type { MasterKey } from './kernel/vault/vault.ts'

/** The executor in a thread of its own: what its cryptography costs must not delay the API. */
export type ExecutorThreadData = {
  config: Config
  databaseUrl: string
  masterKeys: { version: number; key: Uint8Array }[]
}

const { config, databaseUrl, masterKeys } = workerData as ExecutorThreadData
const keys: MasterKey[] = masterKeys.map(({ version, key }) => ({ version, key: Buffer.from(key) }))
const log = createLog(config.LOG_LEVEL, 'executor')
const app = await createApp({ config, databaseUrl, masterKeys: keys, log, services: ['executor'] })
const executor = await app.starts.executor()

parentPort?.once('message', () => {
  void executor
    .stop()
    .then(() => app.close())
    .then(() => parentPort?.close())
})
parentPort?.postMessage('ready')
