import type { Guarded, HostKey, PosixShell, Shell, ShellCommand, ShellExit, Trust } from '../src/index.ts'

export type Collected<Exit = ShellExit> = {
  exit: Exit
  stdout: string
  stderr: string
  processGroup: number | undefined
}

type Options = Partial<Omit<ShellCommand, 'script'>>

/** Runs a script to its end with all output kept, for short ones. */
export const collect = (shell: Shell, script: string, options: Options = {}): Promise<Collected> =>
  gather((command) => shell.run(command), script, options)

/** The same under a guard. */
export const collectGuarded = (
  shell: PosixShell,
  id: string,
  script: string,
  options: Options = {},
): Promise<Collected<ShellExit | Guarded>> =>
  gather((command) => shell.run({ ...command, guard: { id } }), script, options)

const gather = async <Exit>(
  run: (command: ShellCommand) => Promise<Exit>,
  script: string,
  options: Options,
): Promise<Collected<Exit>> => {
  const kept: Record<'stdout' | 'stderr', Uint8Array[]> = { stdout: [], stderr: [] }
  let processGroup: number | undefined
  const exit = await run({
    signal: new AbortController().signal,
    ...options,
    script,
    onOutput(stream, bytes) {
      kept[stream].push(bytes)
      return options.onOutput?.(stream, bytes)
    },
    onStarted(group) {
      processGroup = group
      options.onStarted?.(group)
    },
  })
  return {
    exit,
    stdout: Buffer.concat(kept.stdout).toString(),
    stderr: Buffer.concat(kept.stderr).toString(),
    processGroup,
  }
}

/** Trusts one key, as a target whose key is pinned. */
export const trustOnly =
  (pinned: HostKey): Trust =>
  async (offered) =>
    offered.key === pinned.key ? 'trusted' : { refused: 'The key has changed.', expected: pinned.fingerprint }

/** Waits until `condition` holds; throws after `limitMs`. */
export const until = async (condition: () => boolean | Promise<boolean>, limitMs = 30_000): Promise<void> => {
  const end = performance.now() + limitMs
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`waited ${limitMs} ms in vain for: ${condition.toString()}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
