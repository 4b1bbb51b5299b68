import { Group, Text } from '@mantine/core'
import { api, type Branch, type ResolveRequest } from '@opsconductor/contract'
import { call, useMay } from '../../session/index.ts'
import { ConfirmButton } from '../../ui/ConfirmButton.tsx'
import { tellDone } from '../../ui/notices.ts'
import classes from './LostBranch.module.css'

const choices: Record<
  ResolveRequest['as'],
  { label: string; title: string; confirm: string; follows: string; done: string; isDangerous?: boolean }
> = {
  completed: {
    label: 'It has run',
    title: 'Did the step run to its end?',
    confirm: 'It has run',
    follows: 'The step counts as completed, and the branch goes on with the next one.',
    done: 'The branch goes on.',
  },
  again: {
    label: 'Run it again',
    title: 'Run the step again?',
    confirm: 'Run it again',
    follows: 'The step is run a second time on this target. Look first whether it still runs there.',
    done: 'The step runs again.',
    isDangerous: true,
  },
  failed: {
    label: 'Give up',
    title: 'Give this branch up?',
    confirm: 'Give up',
    follows: 'The branch fails, and its other steps are not run. What may still run on the target is left alone.',
    done: 'The branch was given up.',
    isDangerous: true,
  },
}

/** A branch of which nobody knows how its step ended, and what a person can say about it. */
export const LostBranch = ({ executionRef, branch }: { executionRef: string; branch: Branch }) => {
  const may = useMay()
  const resolve = (as: ResolveRequest['as']) => async () => {
    const params = { ref: executionRef, number: Number(branch.number) }
    await call(api.branches.resolve, { params, body: { as } })
    tellDone(choices[as].done)
  }
  return (
    <section className={classes.lost} aria-label="Lost step">
      <Text size="sm">
        Nobody knows whether the step ran to its end, so it is not run again on its own. Look at {branch.target.name},
        then say what became of it. If the target can be asked again, it tells by itself.
      </Text>
      {may('executions.resolve') && (
        <Group gap="xs">
          {(Object.keys(choices) as ResolveRequest['as'][]).map((as) => {
            const { label, title, confirm, follows, isDangerous = false } = choices[as]
            return (
              <ConfirmButton
                key={as}
                label={label}
                title={title}
                confirm={confirm}
                isDangerous={isDangerous}
                action={resolve(as)}
                button={{ size: 'xs' }}
              >
                {follows}
              </ConfirmButton>
            )
          })}
        </Group>
      )}
    </section>
  )
}
