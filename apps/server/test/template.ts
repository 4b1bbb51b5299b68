import { randomUUID } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { migrate } from '../src/kernel/database/index.ts'
import { installQueue } from '../src/kernel/queue/boss.ts'
import { type Cluster, onServer, withDatabase } from './cluster.ts'
import { quiet } from './quiet.ts'

export const migrationsFolder = fileURLToPath(new URL('../migrations', import.meta.url))

/** Makes a template that `cloneDatabase` copies. */
export const createTemplate = async ({ ownerUrl, url }: Omit<Cluster, 'template'>): Promise<Cluster> => {
  const template = `opsconductor_template_${randomUUID().replaceAll('-', '')}`
  await onServer({ ownerUrl }, (client) =>
    client.query(`create database "${template}" template template0 encoding 'UTF8'`),
  )
  await prepareTemplate(withDatabase(ownerUrl, template), withDatabase(url, template))
  return { ownerUrl, url, template }
}

/** Makes of an empty database what every test file starts with: all that the owner installs at the first start of a server. */
export const prepareTemplate = async (ownerUrl: string, url: string): Promise<void> => {
  await migrate({ ownerUrl, url, folder: migrationsFolder, log: quiet })
  await installQueue(ownerUrl)
  await onServer({ ownerUrl }, (client) => client.query('select automation.make_partitions(7)'))
}
