import { ProblemError, type FieldProblem, type Problem, type ProblemCode } from '@opsconductor/contract'
import { exitCodes, oneLine, type ExitCode } from './print.ts'

export type FailureKind = keyof typeof exitCodes

type Instead = { hint?: string; candidates?: readonly { name: string }[]; cause?: unknown }

/** Something opsctl itself has to say: what is wrong, and what to do next. */
export class Failure extends Error {
  readonly kind: FailureKind
  readonly hint: string | undefined
  /** What may have been meant instead. */
  readonly candidates: readonly { name: string }[] | undefined
  constructor(kind: FailureKind, message: string, { hint, candidates, cause }: Instead = {}) {
    super(message, cause === undefined ? {} : { cause })
    this.name = 'Failure'
    this.kind = kind
    this.hint = hint
    this.candidates = candidates
  }
}

const kinds: Record<ProblemCode, FailureKind> = {
  malformed: 'usage',
  invalid: 'usage',
  too_large: 'usage',
  unsupported_media_type: 'usage',
  out_of_range: 'usage',
  method_not_allowed: 'usage',
  unauthenticated: 'denied',
  wrong_credentials: 'denied',
  token_expired: 'denied',
  token_revoked: 'denied',
  password_change_required: 'denied',
  forbidden: 'denied',
  locked_out: 'denied',
  not_found: 'notFound',
  name_taken: 'conflict',
  changed_meanwhile: 'conflict',
  conflict: 'conflict',
  plan_changed: 'conflict',
  refresh_in_progress: 'conflict',
  idempotency_mismatch: 'conflict',
  rate_limited: 'unreachable',
  unavailable: 'unreachable',
  internal: 'serverFault',
}

const hints: Partial<Record<ProblemCode, string>> = {
  unauthenticated: 'Log in with: opsctl login',
  token_expired: 'Log in with: opsctl login',
  token_revoked: 'Log in with: opsctl login',
  password_change_required: 'Choose one with: opsctl password',
  plan_changed: 'Show it with: opsctl jobs plan',
}

const kindOf = ({ code, status }: Problem): FailureKind =>
  // a proxy in front of a server that is away answers these, in a form of its own
  code === 'internal' && status >= 502 && status <= 504 ? 'unreachable' : kinds[code]

/** How an error is told: one clear line, the fields it is about, what to do next. */
export type Explanation = { exitCode: ExitCode; lines: string[]; json: Record<string, unknown> }

export const explain = (error: unknown, isVerbose = false): Explanation => {
  if (error instanceof ProblemError) {
    const { problem } = error
    const exitCode = exitCodes[kindOf(problem)]
    const hint = hints[problem.code]
    const showsId = problem.requestId !== '' && (isVerbose || kindOf(problem) === 'serverFault')
    return {
      exitCode,
      lines: [
        problem.detail,
        ...fieldLines(problem),
        ...(hint === undefined ? [] : [hint]),
        ...(showsId ? [`request id ${problem.requestId}`] : []),
      ].map(oneLine),
      json: { ...problem, exitCode },
    }
  }
  if (error instanceof Failure) {
    const exitCode = exitCodes[error.kind]
    const cause = isVerbose && error.cause instanceof Error ? [`because: ${oneLine(error.cause.message)}`] : []
    return {
      exitCode,
      lines: [...error.message.split('\n'), ...(error.hint?.split('\n') ?? []), ...cause],
      json: { detail: error.message, ...insteadOf(error), exitCode },
    }
  }
  const detail = error instanceof Error ? error.message : String(error)
  const stack = error instanceof Error && isVerbose ? (error.stack ?? '').split('\n').slice(1) : []
  return {
    exitCode: exitCodes.serverFault,
    lines: [`opsctl itself failed: ${detail}`, ...stack],
    json: { detail, exitCode: exitCodes.serverFault },
  }
}

const insteadOf = ({ hint, candidates }: Failure) => {
  if (candidates !== undefined) return { candidates: candidates.map(({ name }) => ({ name })) }
  return hint === undefined ? {} : { hint }
}

/** A problem told by the names of the options that somebody gave, instead of the paths of a body made from them. */
export const underOptions = (error: unknown, options: Record<string, string>) => {
  if (!(error instanceof ProblemError)) return error
  const { problem } = error
  const fields = problem.fields?.map((field) => ({
    field,
    said: { ...field, path: options[field.path] ?? field.path },
  }))
  if (fields === undefined) return error
  const alone = fields.find(({ field }) => problem.detail === fieldText(field))
  return new ProblemError({
    ...problem,
    detail: alone === undefined ? problem.detail : fieldText(alone.said),
    fields: fields.map(({ said }) => said),
  })
}

/** What is wrong and where, unless the detail has said just that. */
const fieldLines = ({ detail, fields = [] }: Problem) =>
  fields
    .map(fieldText)
    .filter((text) => text !== detail)
    .map((text) => `  ${text}`)

export const fieldText = ({ path, message }: FieldProblem) => `${path === '' ? 'document' : path}: ${message}`

const reasons: Record<string, string> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the connection was cut',
  UND_ERR_SOCKET: 'the connection was cut',
  ENOTFOUND: 'the name is unknown',
  EAI_AGAIN: 'the name cannot be looked up',
  EHOSTUNREACH: 'there is no way to that machine',
  ENETUNREACH: 'there is no way to that network',
  ETIMEDOUT: 'no answer in time',
  UND_ERR_CONNECT_TIMEOUT: 'no answer in time',
  UND_ERR_HEADERS_TIMEOUT: 'no answer in time',
}

const certificateProblem = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ERR_TLS/

/** A fetch that got no answer, told as what it means; anything else stays as it is. */
export const asUnreachable = (error: unknown, url: string) => {
  if (error instanceof DOMException && error.name === 'TimeoutError') {
    return new Failure('unreachable', `${url} does not answer: no answer in time`, { cause: error })
  }
  // fetch rejects so, with what really happened as the cause; anything else is not about the network
  if (!(error instanceof TypeError) || error.message !== 'fetch failed' || !(error.cause instanceof Error)) return error
  const code = codeOf(error.cause) ?? ''
  if (certificateProblem.test(code)) {
    return new Failure('unreachable', `The certificate of ${url} is not trusted: ${error.cause.message}`, {
      hint: 'Name its authority with NODE_EXTRA_CA_CERTS=/path/to/ca.pem',
      cause: error,
    })
  }
  return new Failure('unreachable', `Cannot reach ${url}: ${reasons[code] ?? error.cause.message}`, {
    hint: 'Is the server running there? Name another one with --url or OPSCONDUCTOR_URL',
    cause: error,
  })
}

const codeOf = (error: Error): string | undefined => {
  if ('code' in error && typeof error.code === 'string') return error.code
  // several addresses were tried
  return error instanceof AggregateError && error.errors[0] instanceof Error ? codeOf(error.errors[0]) : undefined
}
