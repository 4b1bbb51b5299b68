import type { Count } from './summary.ts'

/** What we read of vitest's JSON report. */
export type Result = {
  readonly testResults: readonly {
    readonly name: string
    readonly status: string
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[]
  }[]
}

/**
 * Counts what really ran. A file that fails before or outside its tests is a failure, and so is a run that
 * ended badly without a failed test (an error in between, no report at all).
 */
export const summarise = (results: Result | undefined, succeeded: boolean): Count & { readonly leftOut: string[] } => {
  const files = results?.testResults ?? []
  const tests = files.flatMap(({ assertionResults }) => assertionResults)
  const passed = tests.filter(({ status }) => status === 'passed').length
  const failedTests = tests.filter(({ status }) => status === 'failed').length
  const failedFiles = files.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.every((one) => one.status !== 'failed'),
  ).length
  const failed = failedTests + failedFiles
  const leftOut = tests
    .filter(({ status }) => status !== 'passed' && status !== 'failed')
    .map(({ fullName }) => fullName)
  return { passed, failed: failed === 0 && !succeeded ? 1 : failed, leftOut }
}
