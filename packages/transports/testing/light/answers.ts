/** What a command is answered with on both outputs; its exit code is 0. */
export type Answer = { stdout: string; stderr: string }

export const silence: Answer = { stdout: '', stderr: '' }

/** Whether the command line is the one that reads its script from its input; see src/posix/bootstrap.ts. */
export const readsScript = (commandLine: string): boolean => commandLine.includes('IFS= read -r oc_a')

/**
 * The answer of a shell to a script that was handed to its input, as soon as the whole of it is there; until then
 * undefined. The script is not run: it is said that it runs, and then it has ended.
 */
export const answerToScript = (input: string, isWhole: boolean): Answer | undefined => {
  const [, nonce] = /^.* != ([0-9a-f]{32}) \]/.exec(input) ?? /^echo ([0-9a-f]{32})$/m.exec(input) ?? []
  if (nonce === undefined) return isWhole ? silence : undefined
  if (!isWhole && !input.endsWith(`\n${nonce}\n`)) return undefined
  return { stdout: `${nonce}\n`, stderr: `${nonce} run 4711 known\n` }
}
