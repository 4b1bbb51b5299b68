import { ActionIcon, Button, Group, Text, Tooltip } from '@mantine/core'
import { IconArrowDown, IconArrowUp, IconCopy, IconPlus, IconTrash, type TablerIcon } from '@tabler/icons-react'
import type { KeyboardEvent } from 'react'
import { Section } from '../../../ui/Section.tsx'
import { stepTypeWords } from '../step-words.ts'
import { type Draft, type DraftStep, duplicatedAt, insertAt, moved, removeAt, replaceAt } from './draft.ts'
import { keyOf } from './ParameterFields.tsx'
import { inputId, type Problems } from './problems.ts'
import { StepFields } from './StepFields.tsx'
import classes from './StepList.module.css'
import type { Edit } from './use-draft.ts'

type Props = { draft: Draft; edit: Edit; problems: Problems }

const newStep: DraftStep = { type: 'ssh.exec', command: '' }

/** Puts the focus on a step once the change has been drawn. */
const focus = (index: number) =>
  requestAnimationFrame(() =>
    document.querySelectorAll<HTMLElement>(`#${inputId('steps')} > [data-step]`)[index]?.focus(),
  )

/** The steps in order. Every button has a key: Alt with the arrows moves, and the focus goes with the step. */
export const StepList = ({ draft, edit, problems }: Props) => {
  const steps = (to: (steps: DraftStep[]) => DraftStep[], field?: string) =>
    edit((draft) => ({ ...draft, steps: to(draft.steps) }), field)
  const last = draft.steps.length - 1
  const move = (from: number, to: number) => {
    if (to < 0 || to > last) return
    steps((steps) => moved(steps, from, to))
    focus(to)
  }
  const insert = (index: number) => {
    steps((steps) => insertAt(steps, index, newStep))
    focus(index)
  }
  const remove = (index: number) => {
    steps((steps) => removeAt(steps, index))
    focus(Math.min(index, last - 1))
  }
  const onKeyDown = (event: KeyboardEvent, index: number) => {
    if (!event.altKey || event.ctrlKey || event.metaKey) return
    if (event.key === 'ArrowUp') move(index, index - 1)
    else if (event.key === 'ArrowDown') move(index, index + 1)
    else return
    event.preventDefault()
  }
  return (
    <Section
      title="Steps"
      description="From top to bottom, on each target. Alt with the arrow keys moves a step; Ctrl-Z brings a removed one back."
    >
      <ol className={classes.steps} id={inputId('steps')}>
        {draft.steps.map((step, index) => (
          // a step can take the focus, so that it is said after a move and keeps its keys
          <li
            key={keyOf('step', index)}
            className={classes.step}
            data-step
            {...reachable((event) => onKeyDown(event, index))}
          >
            <Group justify="space-between" mb="xs" gap="xs">
              <Text fw={600}>
                {index + 1}. {step.name ?? stepTypeWords[step.type]}
              </Text>
              <Group gap={4}>
                <StepButton
                  icon={IconArrowUp}
                  label={`Move step ${index + 1} up`}
                  isOff={index === 0}
                  onClick={() => move(index, index - 1)}
                />
                <StepButton
                  icon={IconArrowDown}
                  label={`Move step ${index + 1} down`}
                  isOff={index === last}
                  onClick={() => move(index, index + 1)}
                />
                <StepButton
                  icon={IconPlus}
                  label={`Insert a step before step ${index + 1}`}
                  onClick={() => insert(index)}
                />
                <StepButton
                  icon={IconCopy}
                  label={`Duplicate step ${index + 1}`}
                  onClick={() => {
                    steps((steps) => duplicatedAt(steps, index))
                    focus(index + 1)
                  }}
                />
                <StepButton icon={IconTrash} label={`Remove step ${index + 1}`} onClick={() => remove(index)} />
              </Group>
            </Group>
            <StepFields
              step={step}
              index={index}
              problems={problems}
              change={(next, field) =>
                steps((steps) => replaceAt(steps, index, next), field && `steps.${index}.${field}`)
              }
            />
          </li>
        ))}
      </ol>
      {problems.at('steps') && (
        <Text size="sm" c="var(--mantine-color-error)" mb="sm">
          {problems.at('steps')}
        </Text>
      )}
      <Button
        variant="default"
        leftSection={<IconPlus size={16} aria-hidden />}
        onClick={() => insert(draft.steps.length)}
      >
        Add a step
      </Button>
    </Section>
  )
}

const reachable = (onKeyDown: (event: KeyboardEvent) => void) => ({ tabIndex: -1, onKeyDown })

type ButtonProps = { icon: TablerIcon; label: string; isOff?: boolean; onClick: () => void }

const StepButton = ({ icon: Icon, label, isOff = false, onClick }: ButtonProps) => (
  <Tooltip label={label}>
    <ActionIcon variant="default" aria-label={label} disabled={isOff} onClick={onClick}>
      <Icon size={16} aria-hidden />
    </ActionIcon>
  </Tooltip>
)
