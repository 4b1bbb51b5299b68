import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Refusal } from '../errors.ts'
import { pagePolicy } from './page-policy.ts'

/** What Vite writes where a nonce belongs. */
const noncePlaceholder = /__CSP_NONCE__/g

/** Serves the built web UI: its files, and its page for every path that is not the API's. */
export const serveWebFiles = async (server: FastifyInstance, folder: string) => {
  const page = await readFile(join(folder, 'index.html'), 'utf8').catch(() => null)

  const sendPage = (_request: FastifyRequest, reply: FastifyReply) => {
    if (page === null)
      throw new Refusal('unavailable', 'The web UI has not been built yet: run "npm run build" and start again.')
    const nonce = randomBytes(18).toString('base64')
    return reply
      .header('content-security-policy', pagePolicy(nonce))
      .header('cache-control', 'no-store')
      .type('text/html; charset=utf-8')
      .send(page.replace(noncePlaceholder, nonce))
  }

  if (page !== null) {
    await server.register(fastifyStatic, {
      root: join(folder, 'assets'),
      prefix: '/assets/',
      immutable: true, // names carry a hash of the content
      maxAge: '365d',
      wildcard: true,
      preCompressed: true, // the build leaves a .gz beside what shrinks
      decorateReply: false,
    })
  }
  return sendPage
}
