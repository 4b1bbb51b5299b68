import type { FollowEnd, FollowRequest, OutputPosition, PosixShell } from '../src/index.ts'

export type Followed = { end: FollowEnd; stdout: Buffer; stderr: Buffer; position: OutputPosition }

/** Follows a detached command with all output kept; throws when a piece does not begin where the last one ended. */
export const follow = async (
  shell: PosixShell,
  id: string,
  options: Partial<Omit<FollowRequest, 'id'>> = {},
): Promise<Followed> => {
  const kept: Record<'stdout' | 'stderr', Uint8Array[]> = { stdout: [], stderr: [] }
  const position: OutputPosition = { stdout: 0, stderr: 0, ...options.from }
  const end = await shell.follow({
    signal: new AbortController().signal,
    ...options,
    id,
    onOutput(stream, bytes, offset) {
      if (offset !== position[stream]) throw new Error(`${stream} goes on at ${offset} instead of ${position[stream]}`)
      position[stream] += bytes.length
      kept[stream].push(Buffer.from(bytes))
      return options.onOutput?.(stream, bytes, offset)
    },
  })
  return { end, stdout: Buffer.concat(kept.stdout), stderr: Buffer.concat(kept.stderr), position }
}
