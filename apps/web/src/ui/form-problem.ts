import type { UseFormReturnType } from '@mantine/form'
import { ProblemError, type FieldProblem } from '@opsconductor/contract'

const sentence = (message: string) => message.charAt(0).toUpperCase() + message.slice(1)

/**
 * Puts what the server found wrong under the fields it belongs to. Gives back what belongs to no field of the form, to
 * be shown above it; `rename` maps the server's path to the form's where the two differ.
 */
export const showProblem = <V>(
  form: Pick<UseFormReturnType<V>, 'setErrors' | 'getInputNode'>,
  error: unknown,
  known: (path: string) => boolean,
  rename: (path: string) => string = (path) => path,
): FieldProblem[] => {
  if (!(error instanceof ProblemError)) return []
  const problems = (error.problem.fields ?? []).map(({ path, message }) => ({ path: rename(path), message }))
  const placed = problems.filter(({ path }) => known(path))
  form.setErrors(Object.fromEntries(placed.map(({ path, message }) => [path, sentence(message)])))
  const first = placed[0]
  if (first !== undefined) form.getInputNode(first.path)?.focus()
  return problems.filter(({ path }) => !known(path))
}
