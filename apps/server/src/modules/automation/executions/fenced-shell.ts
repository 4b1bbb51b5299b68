import type { Guard, Guarded, PosixShell, ShellCommand, ShellExit, TargetFiles } from '@opsconductor/transports'
import type { Hold } from './leases.ts'

/**
 * A shell for work of many commands: the lease is looked at before each of them, and before each piece of their input. A
 * process that was stopped for a while and goes on can finish nothing that somebody else may have begun meanwhile.
 */
export const fencedShell = (shell: PosixShell, { check }: Pick<Hold, 'check'>): PosixShell => {
  async function run(command: ShellCommand & { guard: Guard }): Promise<ShellExit | Guarded>
  async function run(command: ShellCommand & { guard?: never }): Promise<ShellExit>
  async function run(command: ShellCommand & { guard?: Guard }): Promise<ShellExit | Guarded> {
    check()
    const { guard, input, ...rest } = command
    const order = { ...rest, ...(input === undefined ? {} : { input: checked(input, check) }) }
    return guard === undefined ? shell.run(order) : shell.run({ ...order, guard })
  }
  return { ...shell, run }
}

/** The same for files: the last look is behind the last piece, and only then can a file take its name. */
export const fencedFiles = (files: TargetFiles, { check }: Pick<Hold, 'check'>): TargetFiles => ({
  async write(path, content, request) {
    check()
    return files.write(path, checked(content, check), request)
  },
  async *read(path, request) {
    check()
    const arrived = yield* files.read(path, request)
    check()
    return arrived
  },
})

const checked = async function* (input: AsyncIterable<Uint8Array>, check: () => void) {
  for await (const piece of input) {
    check()
    yield piece
  }
  check()
}
