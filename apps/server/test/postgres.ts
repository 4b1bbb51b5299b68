import type { TestProject } from 'vitest/node'
import { type Cluster, onServer } from './cluster.ts'
import { startScratchServer } from './scratch.ts'
import { createTemplate } from './template.ts'

declare module 'vitest' {
  interface ProvidedContext {
    postgres: Cluster
  }
}

/**
 * Once per run: a PostgreSQL with a migrated template database, which each test file clones.
 * OPSCONDUCTOR_TEST_DATABASE_URL names a server to use instead of an embedded one; its user must be allowed to create
 * databases and roles. There the application has the same URL as the owner, so that both set-ups are tested.
 */
export default async function setup(project: TestProject) {
  const external = process.env['OPSCONDUCTOR_TEST_DATABASE_URL']
  const server =
    external === undefined ? await startScratchServer() : { ownerUrl: external, url: external, stop: async () => {} }
  let cluster: Cluster
  try {
    cluster = await createTemplate(server)
  } catch (error) {
    await server.stop()
    throw error
  }
  project.provide('postgres', cluster)
  return async () => {
    await onServer(cluster, (client) => client.query(`drop database if exists "${cluster.template}" with (force)`))
    await server.stop()
  }
}
