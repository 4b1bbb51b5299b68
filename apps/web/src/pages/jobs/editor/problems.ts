import type { FieldProblem } from '@opsconductor/contract'

const parts = ['name', 'folder', 'description', 'tags', 'targets', 'steps', 'parameters', 'strategy']

/** Problems are listed from the top of the form to its end. */
const placeOnPage = ({ path }: FieldProblem) => parts.indexOf(path.split('.')[0] ?? '')

/** What is wrong, by the path of the contract: `at('steps.0.command')`. */
export type Problems = { all: readonly FieldProblem[]; at: (path: string) => string | undefined }

export const problemsAt = (found: readonly FieldProblem[]): Problems => ({
  all: found.toSorted((one, other) => placeOnPage(one) - placeOnPage(other)),
  at: (path) => {
    const messages = found.filter((problem) => problem.path === path).map(({ message }) => message)
    return messages.length > 0 ? messages.join(' ') : undefined
  },
})

/** A path as people say it: `steps.0.command` is the command of step 1. */
export const placeWords = (path: string) => {
  const [first, second, ...rest] = path.split('.')
  if (first === 'steps' && second !== undefined) return [`Step ${Number(second) + 1}`, ...rest].join(', ')
  if (first === 'parameters' && second !== undefined) return [`Parameter ${second}`, ...rest].join(', ')
  return first === undefined || first === '' ? 'The job' : first.charAt(0).toUpperCase() + first.slice(1)
}

/** Id of the input that stands for a path, so that a problem can lead to it. */
export const inputId = (path: string) => `job-${path.replaceAll('.', '-')}`
