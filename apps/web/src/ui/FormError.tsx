import { ProblemError } from '@opsconductor/contract'
import { ErrorView } from './ErrorView.tsx'

type Props = {
  error: unknown
  form: { getInputNode: (path: string) => HTMLElement | null }
  /** The form's path for one of the server, where the two differ. */
  rename?: (path: string) => string
}

/** Over a form: why it was not saved, unless every reason stands under a field of it already. */
export const FormError = ({ error, form, rename = (path) => path }: Props) => {
  if (error === null || error === undefined) return null
  const fields = error instanceof ProblemError ? (error.problem.fields ?? []) : []
  const isSaidBelow = fields.length > 0 && fields.every(({ path }) => form.getInputNode(rename(path)) !== null)
  return isSaidBelow ? null : <ErrorView error={error} />
}
