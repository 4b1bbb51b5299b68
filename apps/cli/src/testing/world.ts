import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import type { In } from '../ask.ts'
import type { Out } from '../print.ts'
import { run } from '../program.ts'

/** A place to write to that remembers what was written. */
export const remembering = () => {
  const chunks: string[] = []
  const out: Out = { write: (text) => chunks.push(typeof text === 'string' ? text : Buffer.from(text).toString()) }
  return { out, text: () => chunks.join('') }
}

/** Runs whole command lines as a person or a script would, with a configuration folder of their own. */
export const createWorld = async (url: string) => {
  const folder = await mkdtemp(join(tmpdir(), 'opsctl-'))
  return {
    folder,
    sessionFile: join(folder, 'opsconductor', 'session.json'),
    opsctl: async (
      args: string[],
      { input, typed, env = {} }: { input?: string; typed?: string; env?: Record<string, string> } = {},
    ) => {
      const stdout = remembering()
      const stderr = remembering()
      const stdin = new PassThrough()
      if (typed !== undefined) Object.assign(stdin, { isTTY: true, setRawMode: () => {} })
      if (typed === undefined) stdin.end(input ?? '')
      else stdin.write(typed)
      const code = await run(args, {
        env: { XDG_CONFIG_HOME: folder, OPSCONDUCTOR_URL: url, ...env },
        stdin: stdin as unknown as In,
        stdout: stdout.out,
        stderr: stderr.out,
      })
      return { code, stdout: stdout.text(), stderr: stderr.text() }
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}
