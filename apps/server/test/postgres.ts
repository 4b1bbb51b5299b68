import { randomUUID } from 'node:crypto'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { startEmbeddedPostgres } from '../src/kernel/database/index.ts'
import { type Cluster, onServer, withDatabase } from './cluster.ts'
import { quiet } from './quiet.ts'
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

const startScratchServer = async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'opsconductor-test-'))
  await chmod(dataDir, 0o711) // as root, PostgreSQL runs as another account that must come in
  const postgres = await startEmbeddedPostgres({
    dataDir,
    log: quiet,
    // a scratch cluster: nothing in it outlives the run, so waiting for the disk would prove nothing
    settings: { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' },
  })
  return {
    ownerUrl: postgres.ownerUrl('postgres'),
    url: postgres.url('postgres'),
    stop: async () => {
      await postgres.stop()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}
