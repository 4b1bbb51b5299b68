import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Server } from '../server-process.ts'

/** The embedded database of a measured server, as its owner. */
export const ownerUrlOf = async ({ dataFolder }: Server): Promise<string> => {
  const settings = JSON.parse(await readFile(join(dataFolder, 'postgres.json'), 'utf8')) as {
    port: number
    ownerPassword: string
  }
  return `postgresql://postgres:${settings.ownerPassword}@127.0.0.1:${settings.port}/opsconductor`
}
