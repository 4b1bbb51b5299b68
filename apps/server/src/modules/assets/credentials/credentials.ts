import {
  type api,
  type Credential,
  type CredentialType,
  type CredentialUse,
  type NewCredential,
  type Page,
  type RouteInput,
} from '@opsconductor/contract'
import { audit } from '../../../kernel/audit/audit.ts'
import { afterCommit, type Context, permit, transaction } from '../../../kernel/context.ts'
import { pageOf, readCursor } from '../../../kernel/cursor.ts'
import { invalid, notFound, Refusal, violatedConstraint } from '../../../kernel/errors.ts'
import { isUuid, newUuid } from '../../../kernel/identifiers.ts'
import type { Vault } from '../../../kernel/vault/vault.ts'
import { topics, type Wake } from '../../../kernel/wake/wake.ts'
import { refuseChanged } from '../revision.ts'
import * as store from './credentials.store.ts'
import { readPrivateKey } from './private-key.ts'
import { parseSecret, sealSecret, usernameOf } from './secrets.ts'
import { selectUses } from './uses.store.ts'

type ListQuery = RouteInput<typeof api.credentials.list>['query']
type UsesQuery = RouteInput<typeof api.credentials.uses>['query']
type Change = RouteInput<typeof api.credentials.update>['body']

/** So many targets are named when a credential cannot be archived. */
const targetsNamed = 5

export const createCredentials = ({ vault, wake }: { vault: Vault; wake: Wake }) => {
  const find = async (ctx: Context, ref: string, lock = false) => {
    const id = await store.findCredentialId(ctx.db, isUuid(ref) ? { uuid: ref } : { name: ref }, lock)
    if (id === undefined) throw notFound('credential', ref)
    return store.findCredential(ctx.db, id)
  }

  /** One change of one credential: found and locked, changed, written down, announced. */
  const change = (
    ctx: Context,
    { ref, ifRevision, action }: { ref: string; ifRevision: number | null; action: string },
    work: (ctx: Context, row: store.CredentialRow) => Promise<Record<string, unknown> | 'unchanged'>,
  ): Promise<Credential> =>
    transaction(ctx, async (ctx) => {
      const before = await find(ctx, ref, true)
      refuseChanged(before, ifRevision)
      const details = await unlessTaken(() => work(ctx, before))
      if (details === 'unchanged') return store.toCredential(before)
      const after = await store.findCredential(ctx.db, before.id)
      await audit(ctx, action, subject(after), details)
      afterCommit(ctx, () => wake.announce(topics.list('credentials')))
      return store.toCredential(after)
    })

  return {
    list: async (ctx: Context, query: ListQuery): Promise<Page<Credential>> => {
      permit(ctx, 'credentials.read')
      const filter = { q: query.q, type: query.type, archived: query.archived ?? false }
      const rows = await store.selectCredentials(ctx.db, filter, readCursor(query.cursor), query.limit + 1)
      return pageOf(rows, query.limit, (row) => ({ key: row.sortKey, id: row.id }), store.toCredential)
    },

    read: async (ctx: Context, ref: string): Promise<Credential> => {
      permit(ctx, 'credentials.read')
      return store.toCredential(await find(ctx, ref))
    },

    create: async (ctx: Context, { name, description, type, secret }: NewCredential): Promise<Credential> => {
      permit(ctx, 'credentials.create')
      refuseReserved(name)
      const fingerprint = readPrivateKey(type, secret, 'secret.')
      return transaction(ctx, async (ctx) => {
        const uuid = newUuid()
        const id = await unlessTaken(() =>
          store.insertCredential(ctx.db, {
            uuid,
            name,
            description: description ?? '',
            type,
            username: usernameOf(secret),
            fingerprint,
            secretEnteredBy: enteredBy(ctx, type),
            ...sealSecret(vault, uuid, secret),
          }),
        )
        await audit(ctx, 'credentials.create', subject({ uuid, name }), { type })
        afterCommit(ctx, () => wake.announce(topics.list('credentials')))
        return store.toCredential(await store.findCredential(ctx.db, id))
      })
    },

    update: async (
      ctx: Context,
      ref: string,
      { name, description }: Change,
      ifRevision: number | null,
    ): Promise<Credential> => {
      permit(ctx, 'credentials.update')
      if (name !== undefined) refuseReserved(name)
      return change(ctx, { ref, ifRevision, action: 'credentials.update' }, async (ctx, row) => {
        refuseArchived(row)
        if ((name ?? row.name) === row.name && (description ?? row.description) === row.description) return 'unchanged'
        await store.updateCredential(ctx.db, row.id, {
          ...(name === undefined ? {} : { name }),
          ...(description === undefined ? {} : { description }),
        })
        return name === undefined || name === row.name ? {} : { renamedFrom: row.name }
      })
    },

    /** @param input the new secret, in the shape of the credential's type */
    rotate: async (ctx: Context, ref: string, input: unknown, ifRevision: number | null): Promise<Credential> => {
      permit(ctx, 'credentials.update')
      const { type } = await find(ctx, ref)
      const secret = parseSecret(type as CredentialType, input)
      const fingerprint = readPrivateKey(type, secret, '')
      return change(ctx, { ref, ifRevision, action: 'credentials.rotate' }, async (ctx, row) => {
        refuseArchived(row)
        const sealed = sealSecret(vault, row.uuid, secret)
        await store.replaceSecret(ctx.db, row.id, {
          ...sealed,
          username: usernameOf(secret),
          fingerprint,
          secretEnteredBy: enteredBy(ctx, type),
        })
        return { secretVersion: row.secretVersion + 1 }
      })
    },

    uses: async (ctx: Context, ref: string, query: UsesQuery): Promise<Page<CredentialUse>> => {
      permit(ctx, 'credentials.read')
      const { id } = await find(ctx, ref)
      const rows = await selectUses(ctx.db, id, query.q, readCursor(query.cursor), query.limit + 1)
      return pageOf(rows, query.limit, (row) => ({ key: '', id: row.id }), store.toCredentialUse)
    },

    archive: async (ctx: Context, ref: string, ifRevision: number | null): Promise<Credential> => {
      permit(ctx, 'credentials.archive')
      return change(ctx, { ref, ifRevision, action: 'credentials.archive' }, async (ctx, row) => {
        if (row.archivedAt !== null) return { wasArchived: true }
        const users = await store.selectUsingTargets(ctx.db, row.id, targetsNamed)
        if (users.length > 0) throw stillUsed(row, users)
        await store.archiveCredential(ctx.db, row.id)
        return {}
      })
    },

    restore: async (ctx: Context, ref: string, ifRevision: number | null): Promise<Credential> => {
      permit(ctx, 'credentials.archive')
      return change(ctx, { ref, ifRevision, action: 'credentials.restore' }, async (ctx, row) => {
        if (row.archivedAt === null) return { wasInUse: true }
        await store.updateCredential(ctx.db, row.id, { archivedAt: null })
        return {}
      })
    },

    count: (ctx: Context): Promise<number> => store.countCredentials(ctx.db),
  }
}

export type Credentials = ReturnType<typeof createCredentials>

/** What the executor's machine holds was entered by nobody here: whoever has it used needs to be allowed to. */
const enteredBy = (ctx: Context, type: string) =>
  type === 'ssh_agent' || type === 'ssh_system' ? null : ctx.actor.uuid

const subject = ({ uuid, name }: { uuid: string; name: string }) => ({ kind: 'credential', uuid, name })

/** `none` says that a method needs no credential, and a name in the form of a UUID could not be told from one. */
const refuseReserved = (name: string) => {
  if (name.toLowerCase() === 'none' || isUuid(name)) {
    throw invalid([{ path: 'name', message: `a credential cannot be called "${name}", choose another name` }])
  }
}

const refuseArchived = ({ name, archivedAt }: store.CredentialRow) => {
  if (archivedAt !== null) throw new Refusal('conflict', `The credential "${name}" is archived. Restore it first.`)
}

const stillUsed = ({ name, targetCount }: store.CredentialRow, users: string[]) => {
  const more = targetCount > users.length ? ` and ${targetCount - users.length} more` : ''
  return new Refusal(
    'conflict',
    `The credential "${name}" is used by ${users.join(', ')}${more}. Give those targets another credential first.`,
  )
}

const unlessTaken = async <T>(write: () => Promise<T>): Promise<T> => {
  try {
    return await write()
  } catch (cause) {
    if (violatedConstraint(cause) !== 'credentials_name_key') throw cause
    throw new Refusal('name_taken', 'There is already a credential with this name.', {
      fields: [{ path: 'name', message: 'taken by another credential' }],
      cause,
    })
  }
}
