import type { Context } from '../../../kernel/context.ts'
import { notFound } from '../../../kernel/errors.ts'
import { asSerial, isUuid } from '../../../kernel/identifiers.ts'
import { findTargetById, findTargetId, type TargetRow } from './targets.store.ts'

/** By UUID or serial; archived ones too. With `lock` it stays ours until the transaction ends. @throws Refusal `not_found` */
export const findTarget = async (ctx: Context, ref: string, lock = false): Promise<TargetRow> => {
  const id = await findTargetId(ctx.db, isUuid(ref) ? { uuid: ref } : { serial: asSerial(ref) }, lock)
  if (id === undefined) throw notFound('target', ref)
  return findTargetById(ctx.db, id)
}

export const targetSubject = ({ uuid, name }: { uuid: string; name: string }) => ({ kind: 'target', uuid, name })
