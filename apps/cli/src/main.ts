#!/usr/bin/env node
import { run } from './program.ts'

// `opsctl … | head`: the reader has what it wanted, and nobody is left to tell
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 141 : 2))

process.exitCode = await run(process.argv.slice(2), {
  env: process.env,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
})
