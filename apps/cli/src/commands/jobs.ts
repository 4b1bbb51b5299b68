import { api, type Job, type JobDetail, type StartRequest } from '@opsconductor/contract'
import { Option, type Command } from 'commander'
import { applyFiles } from '../apply.ts'
import { writeYaml } from '../document.ts'
import { Failure } from '../failure.ts'
import { follow } from '../follow.ts'
import { collected, listOptions, priority, shownPage, wholeNumber, type ListOptions } from '../list-options.ts'
import { firstItems, jobRef } from '../names.ts'
import type { AddCommands, Opsctl } from '../opsctl.ts'
import { shownTime, stateColour } from '../print.ts'
import { showChanges, showPlan, startOnce, valuesFor, type ValueOptions } from '../start.ts'

type RunOptions = ValueOptions & {
  target?: string[]
  plan?: boolean
  planHash?: string
  priority?: number
  yes?: boolean
  follow?: boolean
  cancelOnInterrupt?: boolean
}

export const addJobs: AddCommands = (program, begin) => {
  const jobs = program.command('jobs').description('what may be run; named by name, serial or UUID')

  listOptions(jobs.command('list').description('list jobs'))
    .option('--folder <path>')
    .option('--tag <tag>')
    .option('--archived', 'those put away')
    .action(async (options: ListOptions & { folder?: string; tag?: string; archived?: boolean }, command) =>
      list(await begin(command), options),
    )

  jobs
    .command('show <job>')
    .description('one job with its document')
    .action(async (name: string, _options: object, command) => {
      const ctx = await begin(command)
      show(ctx, await ctx.call(api.jobs.read, { params: { ref: await jobRef(ctx, name) } }))
    })

  jobs
    .command('apply')
    .description('save job documents (YAML or JSON): a new name is a new job, a known one gets its next version')
    .requiredOption('-f, --file <file>', 'may be given several times; - is stdin', collected)
    .addHelpText(
      'after',
      `
Examples:
  opsctl jobs apply -f restart.yaml
  opsctl jobs apply -f restart.yaml -f deploy.json
  opsctl jobs export restart | sed s/nginx/apache2/ | opsctl jobs apply -f -`,
    )
    .action(async (options: { file: string[] }, command) => applyFiles(await begin(command), options.file))

  jobs
    .command('export <job>')
    .description('the document of a job, to keep in a file and apply again')
    .addOption(new Option('-o, --output <format>').choices(['yaml', 'json']).default('yaml'))
    .option('--at <version>', 'an older version', wholeNumber)
    .action(async (name: string, options: { output: string; at?: number }, command) => {
      const ctx = await begin(command)
      const ref = await jobRef(ctx, name)
      const { document } =
        options.at === undefined
          ? await ctx.call(api.jobs.read, { params: { ref } })
          : await ctx.call(api.jobs.version, { params: { ref, version: options.at } })
      ctx.print.answer(document, () =>
        ctx.print.raw(options.output === 'yaml' ? writeYaml(document) : `${JSON.stringify(document, null, 2)}\n`),
      )
    })

  withValues(
    jobs.command('plan <job>').description('which target would get exactly which command; nothing runs'),
  ).action(async (name: string, options: RunOptions, command) => {
    const ctx = await begin(command)
    const { job, request } = await requestOf(ctx, name, options)
    const plan = await ctx.call(api.jobs.plan, { params: { ref: job.uuid }, body: request })
    ctx.print.answer(plan, () => showPlan(ctx.print, plan))
  })

  withValues(jobs.command('run <job>').description('run a job on targets'))
    .option('--follow', 'show the output while it comes, and end with the outcome of the execution')
    .option('--cancel-on-interrupt', 'with --follow: Ctrl-C cancels the execution; without, it goes on')
    .option('--priority <n>', 'from -100 to 100; those with a higher one begin first', priority)
    .option('--plan', 'show the plan first and ask whether to run exactly that; without a terminal it is only shown')
    .option('--yes', 'with --plan: do not ask')
    .option('--plan-hash <hash>', 'run exactly this plan or nothing (exit code 7)')
    .addHelpText(
      'after',
      `
Examples:
  opsctl jobs run restart -t web1 -t web2 -p service=nginx --follow
  opsctl jobs run restart -t web1 --plan
  opsctl jobs run deploy --parameter-file token=./token.txt --follow --cancel-on-interrupt`,
    )
    .action(async (name: string, options: RunOptions, command) => run(await begin(command), name, options))
}

const withValues = (command: Command) =>
  command
    .option('-t, --target <target>', 'name, serial or UUID; may be given several times', collected)
    .option('-p, --parameter <name=value>', 'may be given several times', collected)
    .option('--parameter-file <name=file>', 'a value from a file, - is stdin: the way for secrets', collected)

const requestOf = async (ctx: Opsctl, name: string, options: RunOptions) => {
  const job = await ctx.call(api.jobs.read, { params: { ref: await jobRef(ctx, name) } })
  const parameters = await valuesFor(ctx, job, options)
  const request = { parameters, ...(options.target === undefined ? {} : { targets: options.target }) }
  return { job, request }
}

const run = async (ctx: Opsctl, name: string, options: RunOptions) => {
  const { call, finish, print } = ctx
  if (options.cancelOnInterrupt === true && options.follow !== true) {
    throw new Failure('usage', '--cancel-on-interrupt goes with --follow')
  }
  const { job, request } = await requestOf(ctx, name, options)
  let { planHash } = options
  if (options.plan === true) {
    const plan = await call(api.jobs.plan, { params: { ref: job.uuid }, body: request })
    if (!(await isAgreed(ctx, options, () => showPlan(print, plan)))) {
      return print.answer(plan, () => print.note(`Nothing was started. Run exactly this with --plan-hash ${plan.hash}`))
    }
    planHash ??= plan.hash
  }
  const execution = await startAsPlanned(ctx, job.uuid, {
    ...request,
    ...(planHash === undefined ? {} : { planHash }),
    ...(options.priority === undefined ? {} : { priority: options.priority }),
  })
  if (options.follow === true) {
    tellStarted(ctx, execution)
    return finish(await follow(ctx, { execution, cancelOnInterrupt: options.cancelOnInterrupt }))
  }
  return print.answer(execution, () => {
    print.line(`${execution.ref} started.`)
    print.note(`Watch it with: opsctl executions output ${execution.ref} --follow`)
  })
}

const startAsPlanned = async (ctx: Opsctl, ref: string, request: StartRequest) => {
  try {
    return await startOnce(ctx, ref, request)
  } catch (error) {
    showChanges(ctx.print, error)
    throw error
  }
}

const tellStarted = ({ print }: Opsctl, execution: { ref: string; counts: { total: number } }) => {
  if (print.isJson) return print.jsonLine({ type: 'started', execution })
  const { total } = execution.counts
  return print.note(`${execution.ref} started on ${total} target${total === 1 ? '' : 's'}`, 'dim')
}

const isAgreed = async ({ asker, print }: Opsctl, { yes }: RunOptions, show: () => void) => {
  if (!print.isJson) show()
  if (yes === true) return true
  return !print.isJson && asker.isPossible && (await asker.confirm('Run exactly this?'))
}

const list = async (ctx: Opsctl, options: ListOptions & { folder?: string; tag?: string; archived?: boolean }) => {
  const { call, print } = ctx
  const filters = {
    q: options.query,
    folder: options.folder,
    tag: options.tag,
    archived: options.archived === true ? ('true' as const) : undefined,
  }
  const page = await firstItems((query) => call(api.jobs.list, { query: { ...filters, ...query } }), options.limit)
  shownPage(ctx, page, 'No jobs. Add one with: opsctl jobs apply -f job.yaml', () =>
    print.table<Job>(
      [
        { title: 'serial', value: (each) => each.serial },
        { title: 'name', value: (each) => each.name },
        { title: 'version', value: (each) => String(each.version) },
        { title: 'steps', value: (each) => String(each.stepCount) },
        { title: 'state', value: (each) => each.state, colour: (each) => stateColour(each.state) },
        { title: 'last run', value: (each) => shownTime(each.lastExecution?.finishedAt ?? null) },
        { title: 'tags', value: (each) => each.tags.join(' ') },
      ],
      page.items,
    ),
  )
}

const show = ({ print }: Opsctl, job: JobDetail) =>
  print.answer(job, () => {
    print.facts({
      name: job.name,
      serial: job.serial,
      uuid: job.uuid,
      description: job.description,
      folder: job.folder,
      tags: job.tags.join(' '),
      version: job.version,
      state: job.isEnabled ? job.state : `${job.state}, disabled`,
      'last run':
        job.lastExecution === null ? null : `${job.serial}.${job.lastExecution.number} ${job.lastExecution.status}`,
      'written by': job.createdBy,
      changed: shownTime(job.updatedAt),
    })
    print.line()
    print.raw(writeYaml(job.document))
    for (const warning of job.warnings) print.note(`warning: ${warning}`, 'yellow')
  })
