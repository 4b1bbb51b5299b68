import { fileURLToPath } from 'node:url'
import { migrate } from '../src/kernel/database/index.ts'
import { installQueue } from '../src/kernel/queue/boss.ts'
import { onServer } from './cluster.ts'
import { quiet } from './quiet.ts'

export const migrationsFolder = fileURLToPath(new URL('../migrations', import.meta.url))

/** Makes of an empty database what every test file starts with: all that the owner installs at the first start of a server. */
export const prepareTemplate = async (ownerUrl: string, url: string): Promise<void> => {
  await migrate({ ownerUrl, url, folder: migrationsFolder, log: quiet })
  await installQueue(ownerUrl)
  await onServer({ ownerUrl }, (client) => client.query('select automation.make_partitions(7)'))
}
