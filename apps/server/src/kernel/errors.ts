import { type FieldProblem, type PlanDiff, type ProblemCode, problems } from '@opsconductor/contract'

/**
 * A refusal with a place in the contract's list. The detail is for the user and says what to do next; the cause is for
 * the log. `kernel/http` turns it into `application/problem+json`, in one place.
 */
export class Refusal extends Error {
  readonly code: ProblemCode
  readonly fields: FieldProblem[] | undefined
  /** With `plan_changed`: what has changed. */
  readonly diff: PlanDiff | undefined

  constructor(
    code: ProblemCode,
    detail: string,
    options: { fields?: FieldProblem[]; diff?: PlanDiff; cause?: unknown } = {},
  ) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'Refusal'
    this.code = code
    this.fields = options.fields
    this.diff = options.diff
  }

  get status(): number {
    return problems[this.code].status
  }
}

/** What cannot be seen and what does not exist answer alike. */
export const notFound = (what: string, ref: string) =>
  new Refusal('not_found', `There is no ${what} "${ref}", or you may not see it.`)

export const invalid = (fields: FieldProblem[]) =>
  new Refusal('invalid', fields.map(({ path, message }) => (path ? `${path}: ${message}` : message)).join('; '), {
    fields,
  })

/** The name of the constraint that refused a write, when that is what happened. */
export const violatedConstraint = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && error.code === '23505' && 'constraint' in error
    ? String(error.constraint)
    : undefined
