import type { OutputStream } from '@opsconductor/contract'
import type { Context } from '../../../kernel/context.ts'
import { isDropped, type OutputPlace, selectAfterSeq } from '../output/output.store.ts'
import type { StepUse } from './branch-plan.ts'
import type { EarlierStep, EarlierSteps, OutputText } from './earlier-steps.ts'
import { selectLastTries } from './plans.store.ts'

/** Output of a step that is used as a value is never longer than this. */
export const valueOutputBytes = 1024 * 1024

/** What the steps that are used came to, in their last try: read from what is stored, so that any executor can go on. */
export const readEarlierSteps = async (
  ctx: Context,
  branchId: number,
  uses: readonly StepUse[],
): Promise<EarlierSteps> => {
  const earlier = new Map<string, EarlierStep>()
  if (uses.length === 0) return earlier
  const tries = await selectLastTries(
    ctx.db,
    branchId,
    uses.map(({ index }) => index),
  )
  for (const { step, index, of } of uses) {
    const last = tries.find((each) => each.index === index)
    const known: EarlierStep = earlier.get(step) ?? { exitCode: last?.exitCode ?? null }
    // what has not run now will not run any more before the step that asks
    if (of !== 'exitCode' && (last === undefined || !ended.includes(last.status)))
      known[of] = { unusable: `the step ${step} has not run in this branch` }
    else if (of !== 'exitCode' && last !== undefined)
      known[of] =
        last.isOutputTruncated || last.isOutputIncomplete
          ? { unusable: `the output of the step ${step} was not stored as a whole` }
          : await readOutput(ctx, last, { step, index, stream: of, fromSeq: last.outputSeq ?? 0 })
    earlier.set(step, known)
  }
  return earlier
}

const ended = ['completed', 'failed', 'cancelled', 'unknown']

/** What one try of a step wrote to a stream, as `$( … )` would give it: without the line breaks at its end. */
const readOutput = async (
  ctx: Context,
  place: OutputPlace,
  { step, index, stream, fromSeq }: { step: string; index: number; stream: OutputStream; fromSeq: number },
): Promise<OutputText> => {
  const pieces: Buffer[] = []
  let bytes = 0
  for (let seq = fromSeq; ;) {
    const chunks = await selectAfterSeq(ctx.db, place, seq)
    for (const chunk of chunks) {
      if (chunk.step !== index || chunk.stream !== stream) continue
      pieces.push(chunk.data)
      bytes += chunk.data.length
    }
    if (bytes > valueOutputBytes)
      return { unusable: `the output of the step ${step} is longer than 1 MB, the most that can be used as a value` }
    const last = chunks.at(-1)
    if (last === undefined || last.step > index) break
    seq = last.seq
  }
  if (bytes === 0 && (await isDropped(ctx.db, place)))
    return { unusable: `the output of the step ${step} is not kept any more` }
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.concat(pieces))
    return { text: text.replace(/\n+$/, '') }
  } catch {
    return { unusable: `the output of the step ${step} is not text in UTF-8` }
  }
}
