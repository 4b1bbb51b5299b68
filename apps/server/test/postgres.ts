import { randomUUID } from 'node:crypto'
import type { TestProject } from 'vitest/node'
import { type Cluster, onServer, withDatabase } from './cluster.ts'
import { startScratchServer } from './scratch.ts'
import { prepareTemplate } from './template.ts'

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
  const template = `opsconductor_template_${randomUUID().replaceAll('-', '')}`
  const cluster = { ownerUrl: server.ownerUrl, url: server.url, template }
  const drop = () => onServer(cluster, (client) => client.query(`drop database if exists "${template}" with (force)`))
  try {
    await onServer(cluster, (client) =>
      client.query(`create database "${template}" template template0 encoding 'UTF8'`),
    )
    await prepareTemplate(withDatabase(cluster.ownerUrl, template), withDatabase(cluster.url, template))
  } catch (error) {
    await server.stop()
    throw error
  }
  project.provide('postgres', cluster)
  return async () => {
    await drop()
    await server.stop()
  }
}
