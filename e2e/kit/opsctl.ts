import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export type Said = { code: number | null; stdout: string; stderr: string }

/** The command line of somebody with an empty home. */
export interface Opsctl extends AsyncDisposable {
  readonly folder: string
  /** Runs `opsctl …`; `onOutput` hears standard output so far, while it comes. */
  readonly run: (args: string[], onOutput?: (stdout: string) => void) => Promise<Said>
}

const program = fileURLToPath(new URL('../../apps/cli/bin/opsctl.mjs', import.meta.url))

export const openOpsctl = async (url: string): Promise<Opsctl> => {
  const folder = await mkdtemp(join(tmpdir(), 'opsconductor-opsctl-'))
  return {
    folder,
    run: (args, onOutput) =>
      new Promise((resolve, reject) => {
        const child = spawn(process.execPath, [program, ...args], {
          stdio: ['ignore', 'pipe', 'pipe'],
          env: { PATH: process.env['PATH'] ?? '', XDG_CONFIG_HOME: folder, OPSCONDUCTOR_URL: url },
          timeout: 60_000,
        })
        const said = { stdout: '', stderr: '' }
        child.stdout.on('data', (bytes: Buffer) => {
          said.stdout += bytes.toString()
          onOutput?.(said.stdout)
        })
        child.stderr.on('data', (bytes: Buffer) => (said.stderr += bytes.toString()))
        child.once('error', reject)
        child.once('close', (code) => resolve({ code, ...said }))
      }),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  }
}
