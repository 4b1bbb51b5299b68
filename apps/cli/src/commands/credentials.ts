import { CredentialType, api, type Credential, type NewCredential } from '@opsconductor/contract'
import { Option, type Command } from 'commander'
import { collectSecret, secretOptions, type SecretOptions } from '../credential-secret.ts'
import { listOptions, parseChoice, shownPage, type ListOptions } from '../list-options.ts'
import { credentialRef, firstItems } from '../names.ts'
import type { AddCommands, Opsctl } from '../opsctl.ts'
import { shownTime } from '../print.ts'

export const addCredentials: AddCommands = (program, begin) => {
  const credentials = program
    .command('credentials')
    .description('what targets are reached with; secrets never come out')

  listOptions(credentials.command('list').description('list credentials'))
    .option('--type <type>', CredentialType.options.join(', '))
    .option('--archived', 'those put away')
    .action(async (options: ListOptions & { type?: string; archived?: boolean }, command) =>
      list(await begin(command), options),
    )

  withSecretOptions(
    credentials
      .command('create <name>')
      .description('add a credential; its secret comes from a file, from stdin or is asked for')
      .addOption(new Option('--type <type>').choices(CredentialType.options).makeOptionMandatory())
      .option('--description <text>'),
  )
    .addHelpText(
      'after',
      `
Examples:
  opsctl credentials create deploy --type ssh_key --username deploy --private-key-file ~/.ssh/id_ed25519
  opsctl credentials create root --type password --username root
  pass show api | opsctl credentials create api --type bearer --token-file -`,
    )
    .action(async (name: string, options: SecretOptions & { type: CredentialType; description?: string }, command) => {
      const ctx = await begin(command)
      const secret = await collectSecret(ctx, options.type, options)
      // the fields were chosen by the type; the server checks what is in them
      const body = { name, type: options.type, description: options.description, secret } as NewCredential
      tell(ctx, await ctx.call(api.credentials.create, { body }), 'added')
    })

  withSecretOptions(
    credentials
      .command('rotate <credential>')
      .description('replace the secret of a credential (by UUID or name); all of it, so give every part'),
  ).action(async (name: string, options: SecretOptions, command) => {
    const ctx = await begin(command)
    const ref = await credentialRef(ctx, name)
    const { type } = await ctx.call(api.credentials.read, { params: { ref } })
    const body = await collectSecret(ctx, type, options)
    tell(ctx, await ctx.call(api.credentials.rotate, { params: { ref }, body }), 'rotated')
  })
}

const withSecretOptions = (command: Command) => {
  for (const [flag, description] of secretOptions()) command.option(flag, description)
  return command
}

const list = async (ctx: Opsctl, options: ListOptions & { type?: string; archived?: boolean }) => {
  const { call, print } = ctx
  const filters = {
    q: options.query,
    type: parseChoice(CredentialType, options.type, '--type'),
    archived: options.archived === true ? ('true' as const) : undefined,
  }
  const page = await firstItems(
    (query) => call(api.credentials.list, { query: { ...filters, ...query } }),
    options.limit,
  )
  shownPage(ctx, page, 'No credentials. Add one with: opsctl credentials create', () =>
    print.table<Credential>(
      [
        { title: 'name', value: (each) => each.name },
        { title: 'type', value: (each) => each.type },
        { title: 'username', value: (each) => each.username ?? '' },
        { title: 'targets', value: (each) => String(each.targetCount) },
        { title: 'rotated', value: (each) => shownTime(each.rotatedAt) },
        { title: 'last used', value: (each) => shownTime(each.lastUsedAt) },
        { title: 'uuid', value: (each) => each.uuid, colour: () => 'dim' },
      ],
      page.items,
    ),
  )
}

const tell = ({ print }: Opsctl, credential: Credential, what: string) =>
  print.answer(credential, () =>
    print.line(`Credential ${credential.name} ${what} (secret version ${credential.secretVersion}).`),
  )
