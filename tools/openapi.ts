import { createApp } from '../apps/server/src/app.ts'
import { readConfig } from '../apps/server/src/config.ts'
import { quiet } from '../apps/server/test/quiet.ts'
import { startScratchServer } from '../apps/server/test/scratch.ts'
import { prepareTemplate } from '../apps/server/test/template.ts'

/** The OpenAPI document as the gateway serves it, with every route of the contract. */
export const makeOpenApi = async (): Promise<string> => {
  const server = await startScratchServer()
  try {
    await prepareTemplate(server.ownerUrl, server.url)
    const config = { ...readConfig({}), PORT: 0 }
    const masterKeys = [{ version: 1, key: Buffer.alloc(32) }]
    const app = await createApp({ config, databaseUrl: server.url, masterKeys, log: quiet, services: ['gateway'] })
    const gateway = await app.starts.gateway()
    try {
      const answer = await fetch(`${gateway.url}/api/openapi.json`)
      return `${JSON.stringify(await answer.json(), null, 2)}\n`
    } finally {
      await gateway.stop()
      await app.close()
    }
  } finally {
    await server.stop()
  }
}
