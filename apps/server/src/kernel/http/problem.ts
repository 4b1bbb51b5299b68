import { type Problem, problems } from '@opsconductor/contract'
import type { FastifyError } from 'fastify'
import { isUnavailable } from '../database/index.ts'
import { Refusal } from '../errors.ts'

/** Turns whatever was thrown into the answer the contract promises; what is not a refusal says nothing of the inside. */
export const problemOf = (error: unknown, requestId: string): Problem => {
  const refusal = error instanceof Refusal ? error : fromFramework(error)
  const { status, title } = problems[refusal.code]
  return {
    type: `/problems/${refusal.code}`,
    title,
    status,
    code: refusal.code,
    detail: refusal.message,
    requestId,
    ...(refusal.fields === undefined ? {} : { fields: refusal.fields }),
    ...(refusal.diff === undefined ? {} : { diff: refusal.diff }),
  }
}

/** How loud the log is about a fault: what passes by itself is no fault of the program. */
export const loudness = ({ code }: Problem): 'warn' | 'error' => (code === 'unavailable' ? 'warn' : 'error')

/** The framework's own refusals, by its codes. */
const fromFramework = (error: unknown): Refusal => {
  const { code, statusCode } = (error ?? {}) as Partial<FastifyError>
  switch (code) {
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new Refusal('unsupported_media_type', 'Send the body as application/json.', { cause: error })
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new Refusal('too_large', 'The body is larger than this path takes.', { cause: error })
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return new Refusal('malformed', 'The body is not as long as Content-Length says.', { cause: error })
    case undefined:
    default:
      break
  }
  if (statusCode === 429)
    return new Refusal('rate_limited', error instanceof Error ? error.message : 'Try again later.')
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return new Refusal('malformed', error instanceof Error ? error.message : 'The request cannot be read.', {
      cause: error,
    })
  }
  if (isUnavailable(error)) {
    return new Refusal('unavailable', 'The database does not answer. Try again in a moment.', { cause: error })
  }
  return new Refusal(
    'internal',
    'This is a fault of OpsConductor; the server’s log has the details under this request id.',
    {
      cause: error,
    },
  )
}
