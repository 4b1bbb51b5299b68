import type { Context } from '../../../kernel/context.ts'
import { notFound } from '../../../kernel/errors.ts'
import { asSerial, isUuid } from '../../../kernel/identifiers.ts'
import { findTargetById, findTargetId, findTargetUuid, type TargetRow } from './targets.store.ts'

/** By UUID or serial; archived ones too. With `lock` it stays ours until the transaction ends. @throws Refusal `not_found` */
export const findTarget = async (ctx: Context, ref: string, lock = false): Promise<TargetRow> => {
  const id = await findTargetId(ctx.db, isUuid(ref) ? { uuid: ref } : { serial: asSerial(ref) }, lock)
  if (id === undefined) throw notFound('target', ref)
  return findTargetById(ctx.db, id)
}

/** UUID by UUID or serial, of archived ones too; null when there is none. Asks for no permission: that is the caller's. */
export const targetUuidOf = async (ctx: Context, ref: string): Promise<string | null> =>
  isUuid(ref) ? ref : ((await findTargetUuid(ctx.db, asSerial(ref))) ?? null)

export const targetSubject = ({ uuid, name }: { uuid: string; name: string }) => ({ kind: 'target', uuid, name })
