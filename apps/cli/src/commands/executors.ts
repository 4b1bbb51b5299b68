import { api, type Executor } from '@opsconductor/contract'
import type { AddCommands } from '../opsctl.ts'
import { shownTime } from '../print.ts'

export const addExecutors: AddCommands = (program, begin) => {
  program
    .command('executors')
    .description('the programs that run branches on targets')
    .command('list')
    .description('list executors, and those that fell silent in the last day')
    .action(async (_options: object, command) => {
      const { call, print } = await begin(command)
      const list = await call(api.executors.list, {})
      print.answer(list, () =>
        list.items.length === 0
          ? print.note('No executor is running: nothing can run on targets.', 'yellow')
          : print.table<Executor>(
              [
                { title: 'executor', value: (each) => each.name },
                { title: 'zone', value: (each) => each.zone },
                {
                  title: 'state',
                  value: (each) => (each.isLive ? 'live' : 'silent'),
                  colour: (each) => (each.isLive ? 'green' : 'yellow'),
                },
                { title: 'branches', value: (each) => `${each.isLive ? each.running : '-'}/${each.slots}` },
                { title: 'started', value: (each) => shownTime(each.startedAt) },
                { title: 'heard of', value: (each) => shownTime(each.seenAt) },
              ],
              list.items,
            ),
      )
    })
}
