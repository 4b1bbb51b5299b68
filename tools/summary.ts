import { appendFile } from 'node:fs/promises'

export type Count = { readonly passed: number; readonly failed: number }

/** Adds its counts and what failed to the file that `.ci/run` sums up, when it asked for one. */
export const report = async ({ passed, failed }: Count, failures: readonly string[]): Promise<void> => {
  const file = process.env['OPSCONDUCTOR_SUMMARY_FILE']
  if (file === undefined) return
  await appendFile(file, [`${passed} ${failed}`, ...failures.map((what) => `! ${what}`), ''].join('\n'))
}
