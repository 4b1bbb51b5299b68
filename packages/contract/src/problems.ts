import { PlanDiff } from './automation/plan.ts'
import { z } from './zod.ts'

/** Every error the API can answer: its code, its HTTP status and its title. The detail is written where it is thrown. */
export const problems = {
  malformed: { status: 400, title: 'The request cannot be read' },
  invalid: { status: 400, title: 'The request is not valid' },
  unauthenticated: { status: 401, title: 'Log in first' },
  wrong_credentials: { status: 401, title: 'User name or password is wrong' },
  token_expired: { status: 401, title: 'The access token has expired' },
  token_revoked: { status: 401, title: 'The session has ended' },
  password_change_required: { status: 403, title: 'Choose a new password first' },
  forbidden: { status: 403, title: 'Not allowed' },
  not_found: { status: 404, title: 'Not found' },
  method_not_allowed: { status: 405, title: 'This path does not take that method' },
  name_taken: { status: 409, title: 'The name is taken' },
  changed_meanwhile: { status: 412, title: 'Somebody changed it meanwhile' },
  conflict: { status: 409, title: 'This is not possible now' },
  plan_changed: { status: 409, title: 'The plan has changed' },
  refresh_in_progress: { status: 409, title: 'Another tab has just refreshed this session' },
  idempotency_mismatch: { status: 409, title: 'The idempotency key was used for another request' },
  too_large: { status: 413, title: 'The request is too large' },
  out_of_range: { status: 416, title: 'The range lies outside of what there is' },
  unsupported_media_type: { status: 415, title: 'Send JSON' },
  locked_out: { status: 429, title: 'Too many wrong passwords' },
  rate_limited: { status: 429, title: 'Too many requests' },
  internal: { status: 500, title: 'Something went wrong here' },
  unavailable: { status: 503, title: 'Not ready' },
} as const satisfies Record<string, { status: number; title: string }>

export type ProblemCode = keyof typeof problems

/** One thing wrong with the input: where (`steps.0.command`) and why. */
export const FieldProblem = z.object({ path: z.string(), message: z.string() })
export type FieldProblem = z.infer<typeof FieldProblem>

/** `application/problem+json`, RFC 9457. Its id is its name in the OpenAPI document, where every route refers to it. */
export const Problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    code: z.enum(Object.keys(problems) as [ProblemCode, ...ProblemCode[]]),
    detail: z.string(),
    requestId: z.string(),
    fields: z.array(FieldProblem).optional(),
    diff: PlanDiff.optional().describe(
      'with plan_changed: what is different between the plan that was asked for and the one of now; absent where the former is not known any more',
    ),
  })
  .meta({ id: 'Problem' })
export type Problem = z.infer<typeof Problem>
