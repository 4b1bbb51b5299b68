import {
  MethodType,
  OsType,
  TargetHealth,
  TargetStatus,
  api,
  type NewTarget,
  type Target,
} from '@opsconductor/contract'
import { setTimeout as sleep } from 'node:timers/promises'
import { readDocuments, withPlaces } from '../document.ts'
import { Failure, underOptions } from '../failure.ts'
import { collected, listOptions, parseChoice, shownPage, wholeNumber, type ListOptions } from '../list-options.ts'
import { firstItems, targetRef } from '../names.ts'
import type { AddCommands, Opsctl } from '../opsctl.ts'
import { shownTime } from '../print.ts'
import { readText } from '../read-input.ts'
import { showTarget, showTargets, showTest } from '../target-view.ts'

type Filters = ListOptions &
  Partial<Record<'environment' | 'status' | 'health' | 'tag', string>> & { archived?: boolean }
type NewOptions = Partial<
  Record<'file' | 'type' | 'host' | 'credential' | 'os' | 'environment' | 'description' | 'zone', string>
> & {
  port?: number
  tag?: string[]
  jumpHost?: string[]
}

export const addTargets: AddCommands = (program, begin) => {
  const targets = program.command('targets').description('what can be reached, and how; named by name, serial or UUID')

  listOptions(targets.command('list').description('list targets'))
    .option('--environment <name>')
    .option('--status <status>', TargetStatus.options.join(', '))
    .option('--health <health>', TargetHealth.options.join(', '))
    .option('--tag <tag>')
    .option('--archived', 'those put away')
    .action(async (options: Filters, command) => list(await begin(command), options))

  targets
    .command('show <target>')
    .description('one target with its methods')
    .action(async (name: string, _options: object, command) => {
      const ctx = await begin(command)
      const target = await ctx.call(api.targets.read, { params: { ref: await targetRef(ctx, name) } })
      ctx.print.answer(target, () => showTarget(ctx.print, target))
    })

  targets
    .command('create [name]')
    .description('add a target, by options or by a document (YAML or JSON)')
    .option('-f, --file <file>', 'document of the target; - is stdin')
    .option('--host <host>', 'host name or address')
    .option('--port <port>', 'the usual one of the method where it is not given', wholeNumber)
    .option('--type <method>', MethodType.options.join(', '), 'ssh')
    .option('--credential <name>', 'name or UUID of a credential')
    .option('--jump-host <target>', 'go through that target, the nearest first; may be given several times', collected)
    .option('--os <os>', OsType.options.join(', '))
    .option('--environment <name>', 'production, staging, … or any other word')
    .option('--zone <zone>', 'whose executors reach it')
    .option('--tag <tag>', 'may be given several times', collected)
    .option('--description <text>')
    .addHelpText(
      'after',
      `
Examples:
  opsctl targets create web1 --host web1.example.com --credential deploy --environment production
  opsctl targets create db1 --host 10.0.0.5 --credential deploy --jump-host bastion
  opsctl targets create -f web1.yaml`,
    )
    .action(async (name: string | undefined, options: NewOptions, command) =>
      create(await begin(command), name, options),
    )

  targets
    .command('archive <target>')
    .description('put a target away; history keeps its name')
    .action(async (name: string, _options: object, command) => {
      const ctx = await begin(command)
      const target = await ctx.call(api.targets.archive, { params: { ref: await targetRef(ctx, name) } })
      ctx.print.answer(target, () => ctx.print.line(`Target ${target.name} (${target.serial}) is archived.`))
    })

  targets
    .command('test <target>')
    .description('connect for real by every active method and say how far it came; exit code 1 where one failed')
    .action(async (name: string, _options: object, command) => test(await begin(command), name))

  targets
    .command('host-keys <target>')
    .description('the pinned host keys of a target')
    .option('--forget', 'forget them: the next connection pins anew. Make sure first that the new key is the right one')
    .action(async (name: string, options: { forget?: boolean }, command) =>
      hostKeys(await begin(command), name, options),
    )
}

const list = async (ctx: Opsctl, options: Filters) => {
  const { call, print } = ctx
  const filters = {
    q: options.query,
    environment: options.environment,
    status: parseChoice(TargetStatus, options.status, '--status'),
    health: parseChoice(TargetHealth, options.health, '--health'),
    tag: options.tag,
    archived: options.archived === true ? ('true' as const) : undefined,
  }
  const page = await firstItems((query) => call(api.targets.list, { query: { ...filters, ...query } }), options.limit)
  shownPage(ctx, page, 'No targets. Add one with: opsctl targets create', () => showTargets(print, page.items))
}

/** Where what the options say stands in the body. */
const optionNames = {
  osType: '--os',
  environment: '--environment',
  zone: '--zone',
  tags: '--tag',
  description: '--description',
  'methods.0.config.host': '--host',
  'methods.0.config.port': '--port',
  'methods.0.config.jumpHosts': '--jump-host',
  'methods.0.credential': '--credential',
}

const create = async (ctx: Opsctl, name: string | undefined, options: NewOptions) => {
  const { asker, call, print } = ctx
  const made = (target: Target) =>
    print.answer(target, () => {
      print.line(`Target ${target.name} added as ${target.serial}.`)
      print.note(`Try it with: opsctl targets test ${target.serial}`)
    })
  if (options.file !== undefined) {
    const [source, more] = readDocuments(await readText(asker, options.file), options.file)
    if (source === undefined || more !== undefined) throw new Failure('usage', `${options.file} must hold one document`)
    try {
      return made(await call(api.targets.create, { body: source.value as NewTarget }))
    } catch (error) {
      throw withPlaces(error, source)
    }
  }
  const type = parseChoice(MethodType, options.type, '--type') ?? 'ssh'
  if (name === undefined || (options.host === undefined && type !== 'local')) {
    throw new Failure('usage', 'A target needs a name and --host, or a document: -f target.yaml')
  }
  const body = {
    name,
    description: options.description,
    osType: parseChoice(OsType, options.os, '--os'),
    environment: options.environment,
    zone: options.zone,
    tags: options.tag,
    methods: [
      {
        type,
        config: { host: options.host, port: options.port, jumpHosts: options.jumpHost },
        credential: options.credential,
      },
    ],
  }
  try {
    // what is undefined is left out of the JSON
    return made(await call(api.targets.create, { body: body as NewTarget }))
  } catch (error) {
    throw underOptions(error, optionNames)
  }
}

const test = async (ctx: Opsctl, name: string) => {
  const { call, finish, print } = ctx
  const ref = await targetRef(ctx, name)
  let result = await call(api.targets.test, { params: { ref }, query: {}, body: {} })
  // a test is given up by its executor after its time-outs, so this ends
  for (let waits = 0; !result.isFinished && waits < 300; waits++) {
    if (waits === 0) print.note('The test takes longer than 30 s; waiting for it.')
    await sleep(1000)
    result = await call(api.targets.readTest, { params: { ref, test: result.uuid } })
  }
  if (!result.isOk) finish('failed')
  print.answer(result, () => showTest(print, result))
}

const hostKeys = async (ctx: Opsctl, name: string, { forget }: { forget?: boolean }) => {
  const { call, print } = ctx
  const ref = await targetRef(ctx, name)
  const keys = await call(api.targets.hostKeys, { params: { ref } })
  if (forget === true) {
    const methods = new Set(keys.items.map((key) => key.method))
    for (const method of methods) await call(api.targets.forgetHostKeys, { params: { ref, method } })
    return print.answer({ forgotten: keys.items }, () =>
      print.line(`${keys.items.length} host key${keys.items.length === 1 ? '' : 's'} forgotten.`),
    )
  }
  return print.answer(keys, () =>
    keys.items.length === 0
      ? print.note('No host key is pinned yet: the first connection pins one.')
      : print.table(
          [
            { title: 'host', value: (each) => `${each.host}:${each.port}` },
            { title: 'algorithm', value: (each) => each.algorithm },
            { title: 'pinned', value: (each) => shownTime(each.pinnedAt) },
            { title: 'by', value: (each) => each.pinnedBy },
            { title: 'fingerprint', value: (each) => each.fingerprint },
          ],
          keys.items,
        ),
  )
}
