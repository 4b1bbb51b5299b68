import { relative } from 'node:path'
import type { Count } from './summary.ts'

/** What we read of vitest's JSON report. */
export type Result = {
  readonly testResults: readonly {
    readonly name: string
    readonly status: string
    /** Why the file as a whole failed. */
    readonly message?: string
    readonly assertionResults: readonly {
      readonly fullName: string
      readonly status: string
      readonly failureMessages?: readonly string[]
    }[]
  }[]
}

/** How much of a failure's message is repeated at the end of a run. */
const SHOWN_LINES = 6

const said = (messages: readonly string[] = []) => messages.join('\n').split('\n').slice(0, SHOWN_LINES).join('\n    ')

/**
 * Counts what really ran. A file that fails before or outside its tests is a failure, and so is a run that
 * ended badly without a failed test (an error in between, no report at all).
 *
 * @param root the folder from which the files of failures are named
 */
export const summarise = (
  results: Result | undefined,
  succeeded: boolean,
  root: string,
): Count & { readonly leftOut: string[]; readonly failures: string[] } => {
  const files = results?.testResults ?? []
  const tests = files.flatMap(({ assertionResults }) => assertionResults)
  const failures = files
    .filter(({ status }) => status === 'failed')
    .flatMap(({ name, message, assertionResults }) => {
      const path = relative(root, name)
      const failed = assertionResults.filter(({ status }) => status === 'failed')
      return failed.length === 0
        ? [`${path}: ${said([message ?? ''])}`]
        : failed.map(({ fullName, failureMessages }) => `${path}: ${fullName}\n    ${said(failureMessages)}`)
    })
  if (failures.length === 0 && !succeeded) failures.push('the run ended badly without a failed test')
  return {
    passed: tests.filter(({ status }) => status === 'passed').length,
    failed: failures.length,
    failures,
    leftOut: tests.filter(({ status }) => status !== 'passed' && status !== 'failed').map(({ fullName }) => fullName),
  }
}
