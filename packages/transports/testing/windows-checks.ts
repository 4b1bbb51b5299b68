import { posixWireChecks, type WireCheck } from './conformance.ts'

/** What the shell suite asks that Windows has no word for: signals, and process groups that outlive their connection. */
const ofPosixAlone: ReadonlySet<string> = new Set([
  'a command that is killed says by what',
  'a command ends although what it left behind holds its output open',
  'a cancel ends the whole tree, also what ignores TERM and what made groups of its own',
  'a cut while a command runs leaves its outcome unknown, and the command is found again',
])

/** The shell suite as far as it holds for Windows; what is not in it has tests of its own beside. */
export const windowsWireChecks: readonly WireCheck[] = posixWireChecks.filter(({ name }) => !ofPosixAlone.has(name))
