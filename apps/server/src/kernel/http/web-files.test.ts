import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Problem } from '@opsconductor/contract'
import Fastify, { type FastifyInstance } from 'fastify'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { problemOf } from './problem.ts'
import { serveWebFiles } from './web-files.ts'

const script = 'console.log("hello")\n'.repeat(100)
let folder: string
let server: FastifyInstance
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'web-files-'))
  await mkdir(join(folder, 'assets'))
  await writeFile(join(folder, 'index.html'), '<!doctype html>')
  await writeFile(join(folder, 'secret.txt'), 'not an asset')
  await writeFile(join(folder, 'assets', 'small.js'), script)
  await writeFile(join(folder, 'assets', 'large.js'), script)
  await writeFile(join(folder, 'assets', 'large.js.gz'), gzipSync(script))
  server = Fastify()
  await serveWebFiles(server, folder)
})
afterAll(async () => {
  await server.close()
  await rm(folder, { recursive: true })
})

test('where the web UI has not been built, its pages say so as every other refusal', async () => {
  const empty = Fastify()
  const sendPage = await serveWebFiles(empty, join(folder, 'assets'))
  empty.setErrorHandler((error, request) => problemOf(error, request.id))
  empty.get('/', sendPage)
  const { code, detail } = (await empty.inject('/')).json<Problem>()
  expect([code, detail]).toEqual(['unavailable', expect.stringContaining('npm run build')])
  await empty.close()
})

const ask = (url: string, accepted: string) =>
  server.inject({ method: 'GET', url, headers: { 'accept-encoding': accepted } })

test('a file travels compressed where the build left it so and the browser takes it', async () => {
  const compressed = await ask('/assets/large.js', 'gzip, deflate')
  expect(compressed.headers).toMatchObject({ 'content-encoding': 'gzip', 'content-type': /javascript/ })
  expect(compressed.rawPayload.byteLength).toBeLessThan(script.length / 4)
  for (const plain of [await ask('/assets/large.js', 'identity'), await ask('/assets/small.js', 'gzip')]) {
    expect(plain.headers['content-encoding']).toBeUndefined()
    expect(plain.body).toBe(script)
  }
})

test('no path leads out of the folder of assets', async () => {
  for (const path of ['../secret.txt', '%2e%2e/secret.txt', '..%2fsecret.txt', '..%5csecret.txt', '....//secret.txt']) {
    const { statusCode, body } = await ask(`/assets/${path}`, 'gzip')
    expect(statusCode).toBeGreaterThanOrEqual(400)
    expect(body).not.toContain('not an asset')
  }
})
