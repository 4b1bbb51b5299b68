import type { Command } from 'commander'
import type { Asker } from './ask.ts'
import type { Config } from './config.ts'
import type { Connection } from './connection.ts'
import type { FailureKind } from './failure.ts'
import type { Printer } from './print.ts'
import type { Session } from './session.ts'

/** What every command stands on; it is handed to each as its first argument. */
export type Opsctl = Connection & {
  config: Config
  print: Printer
  asker: Asker
  session: Session
  /** What the process ends with, where it is not `success`. */
  finish: (kind: FailureKind) => void
}

/** Builds it from the global options that were given with a command. */
export type Begin = (command: Command) => Promise<Opsctl>

/** Adds the commands of one feature to the program. */
export type AddCommands = (program: Command, begin: Begin) => void
