import {
  ActionIcon,
  Button,
  Checkbox,
  Group,
  Select,
  SimpleGrid,
  Stack,
  TagsInput,
  Text,
  TextInput,
} from '@mantine/core'
import type { ParameterSpec, Value } from '@opsconductor/contract'
import { IconPlus, IconTrash } from '@tabler/icons-react'
import { Section } from '../../../ui/Section.tsx'
import { type Draft, type DraftParameter, removeAt, replaceAt } from './draft.ts'
import classes from './ParameterFields.module.css'
import { inputId, type Problems } from './problems.ts'
import type { Edit } from './use-draft.ts'

type Props = { draft: Draft; edit: Edit; problems: Problems }

const newParameter: DraftParameter = { name: '', spec: { type: 'string' } }

export const ParameterFields = ({ draft, edit, problems }: Props) => (
  <Section
    title="Parameters"
    description={
      <>
        Values asked for when it runs. A step takes one as <code>{'{{ name }}'}</code>, quoted for its shell.
      </>
    }
    actions={
      <Button
        size="xs"
        variant="default"
        leftSection={<IconPlus size={14} aria-hidden />}
        onClick={() => edit((draft) => ({ ...draft, parameters: [...draft.parameters, newParameter] }))}
      >
        Add a parameter
      </Button>
    }
  >
    {draft.parameters.length === 0 ? (
      <Text size="sm" c="dimmed">
        None.
      </Text>
    ) : (
      <Stack gap="sm">
        {draft.parameters.map((parameter, index) => (
          <Parameter
            key={keyOf('parameter', index)}
            parameter={parameter}
            index={index}
            problems={problems}
            change={(next, field) =>
              edit(
                (draft) => ({ ...draft, parameters: replaceAt(draft.parameters, index, next) }),
                field && `parameters.${index}.${field}`,
              )
            }
            remove={() => edit((draft) => ({ ...draft, parameters: removeAt(draft.parameters, index) }))}
          />
        ))}
      </Stack>
    )}
  </Section>
)

/** Parts of a draft have no identity but their place; all their inputs are driven by the draft. */
export const keyOf = (kind: string, index: number) => `${kind} ${index}`

type ParameterProps = {
  parameter: DraftParameter
  index: number
  problems: Problems
  change: (parameter: DraftParameter, field?: string) => void
  remove: () => void
}

const typed = (type: ParameterSpec['type'], text: string): Value => {
  if (type === 'boolean') return text === 'true'
  return type === 'number' && text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : text
}

const Parameter = ({ parameter: { name, spec }, index, problems, change, remove }: ParameterProps) => {
  const set = (next: Partial<ParameterSpec>, field?: string) => change({ name, spec: { ...spec, ...next } }, field)
  const path = (field: string) => `parameters.${name}.${field}`
  return (
    <fieldset className={classes.parameter}>
      <legend className={classes.legend}>Parameter {index + 1}</legend>
      <SimpleGrid cols={{ base: 1, xs: 2, md: 4 }} spacing="sm">
        <TextInput
          id={inputId(`parameters.${name}`)}
          label="Name"
          className="mono"
          value={name}
          error={problems.at(`parameters.${name}`) ?? problems.at(`parameters.#${index}`)}
          onChange={({ currentTarget }) => change({ name: currentTarget.value, spec }, 'name')}
        />
        <Select
          label="Type"
          data={['string', 'number', 'boolean']}
          value={spec.type}
          allowDeselect={false}
          onChange={(type) => set({ type: type ?? 'string', default: undefined })}
        />
        {spec.type === 'boolean' ? (
          <Select
            label="Default"
            data={['true', 'false']}
            clearable
            value={spec.default?.toString() ?? null}
            onChange={(value) => set({ default: value === null ? undefined : value === 'true' })}
          />
        ) : (
          <TextInput
            id={inputId(path('default'))}
            label="Default"
            disabled={spec.secret ?? false}
            value={spec.default?.toString() ?? ''}
            error={problems.at(path('default'))}
            onChange={({ currentTarget: { value } }) =>
              set({ default: value === '' ? undefined : typed(spec.type, value) }, 'default')
            }
          />
        )}
        <TextInput
          id={inputId(path('pattern'))}
          label="Pattern"
          placeholder="[a-z]+"
          className="mono"
          value={spec.pattern ?? ''}
          error={problems.at(path('pattern'))}
          onChange={({ currentTarget }) => set({ pattern: currentTarget.value || undefined }, 'pattern')}
        />
      </SimpleGrid>
      <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm" mt="sm">
        <TagsInput
          id={inputId(path('choices'))}
          label="Choices"
          value={spec.choices?.map(String) ?? []}
          error={problems.at(path('choices'))}
          onChange={(choices) =>
            set({ choices: choices.length > 0 ? choices.map((choice) => typed(spec.type, choice)) : undefined })
          }
        />
        <TextInput
          label="Description"
          value={spec.description ?? ''}
          error={problems.at(path('description'))}
          onChange={({ currentTarget }) => set({ description: currentTarget.value || undefined }, 'description')}
        />
      </SimpleGrid>
      <Group mt="sm" justify="space-between">
        <Group gap="lg">
          <Checkbox
            label="Required"
            checked={spec.required ?? false}
            onChange={({ currentTarget }) => set({ required: currentTarget.checked || undefined })}
          />
          <Checkbox
            label="Secret: masked in every output"
            checked={spec.secret ?? false}
            onChange={({ currentTarget: { checked } }) =>
              set({ secret: checked || undefined, ...(checked ? { default: undefined } : {}) })
            }
          />
        </Group>
        <ActionIcon variant="default" aria-label={`Remove parameter ${name || index + 1}`} onClick={remove}>
          <IconTrash size={16} aria-hidden />
        </ActionIcon>
      </Group>
    </fieldset>
  )
}
