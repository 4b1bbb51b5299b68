import fastifySwagger from '@fastify/swagger'
import fastifySwaggerUi from '@fastify/swagger-ui'
import { allRoutes, apiBase, jobJsonSchema } from '@opsconductor/contract'
import type { FastifyInstance } from 'fastify'
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod'
import { docsPolicy } from './page-policy.ts'

/** Derives the OpenAPI document from the contract's routes and serves it with interactive docs, and the JSON Schema of job
 * documents. Register before the routes. */
export const serveOpenApi = async (server: FastifyInstance, version: string) => {
  await server.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'OpsConductor',
        version,
        description:
          'Jobs, targets and executions. Log in with POST /auth/login and send the access token as a bearer token.',
      },
      servers: [{ url: '/' }],
      components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } } },
    },
    transform: jsonSchemaTransform,
    transformObject: (document) => sayWhichBodiesAreOptional(jsonSchemaTransformObject(document)),
  })
  await server.register(fastifySwaggerUi, {
    logo,
    theme: { title: 'OpsConductor API' },
    routePrefix: '/docs',
    staticCSP: docsPolicy,
    uiConfig: { docExpansion: 'list' },
  })
  server.get('/api/openapi.json', { schema: { hide: true } }, async () => server.swagger())
  const jobSchema = jobJsonSchema()
  server.get(`${apiBase}/schemas/job.json`, { schema: { hide: true } }, async (_request, reply) =>
    reply
      .type('application/schema+json')
      .serializer((value: unknown) => JSON.stringify(value))
      .send(jobSchema),
  )
}

type OpenApiDocument = ReturnType<typeof jsonSchemaTransformObject>

/** The library calls every body required. */
const sayWhichBodiesAreOptional = (document: OpenApiDocument): OpenApiDocument => {
  if (!('openapi' in document)) return document
  for (const { route } of allRoutes()) {
    if (route.body?.safeParse(undefined).success !== true) continue
    const path = `${apiBase}${route.path.replaceAll(/:(\w+)/g, '{$1}')}`
    const method = route.method.toLowerCase() as 'post' | 'put' | 'patch' | 'delete'
    const body = document.paths?.[path]?.[method]?.requestBody
    if (body !== undefined && 'content' in body) body.required = false
  }
  return document
}

/** In place of the library's own: the name is in the page already. */
const logo = {
  type: 'image/svg+xml',
  content: Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1" width="1" height="1"/>'),
  href: '/docs',
  target: '_self' as const,
}
