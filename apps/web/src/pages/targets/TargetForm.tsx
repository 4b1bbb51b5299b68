import {
  Autocomplete,
  Button,
  Collapse,
  Group,
  Select,
  SimpleGrid,
  Stack,
  TagsInput,
  TextInput,
  Textarea,
} from '@mantine/core'
import { useForm } from '@mantine/form'
import { useDisclosure } from '@mantine/hooks'
import { type Target, api } from '@opsconductor/contract'
import { IconChevronDown, IconPlus } from '@tabler/icons-react'
import { useMutation, useQuery } from '@tanstack/react-query'
import { changed, queryOf } from '../../session/queries.ts'
import { FormError } from '../../ui/FormError.tsx'
import { showProblem } from '../../ui/form-problem.ts'
import { LeaveGuard } from '../../ui/LeaveGuard.tsx'
import { Section } from '../../ui/Section.tsx'
import { MethodFields } from './MethodFields.tsx'
import { type TargetBody, type TargetDraft, bodyOf, checkDraft, formPath, newMethod } from './target-draft.ts'
import { environments, osChoices, statusChoices, typeChoices } from './words.ts'

type Props = {
  draft: TargetDraft
  label: string
  save: (body: TargetBody) => Promise<Target>
  onSaved: (target: Target) => void
  onCancel: () => void
}

/** Seldom needed, and folded away unless one of them is wrong. */
const moreFields = ['targetType', 'status', 'osVersion', 'location', 'dataCentre', 'region', 'zone']

export const TargetForm = ({ draft, label, save, onSaved, onCancel }: Props) => {
  const form = useForm({ initialValues: draft, validate: checkDraft })
  const [hasMore, { toggle }] = useDisclosure(false)
  const isOpen = hasMore || moreFields.some((name) => form.errors[name] !== undefined)
  const known = useQuery(queryOf(api.targets.tags, { query: { limit: 200 } }))
  const saving = useMutation({
    mutationFn: (values: TargetDraft) => save(bodyOf(values) as TargetBody),
    onSuccess: (target) => {
      void changed('targets')
      form.resetDirty()
      onSaved(target)
    },
    onError: (error) => showProblem(form, error, () => true, formPath),
  })
  return (
    <form onSubmit={form.onSubmit((values) => saving.mutate(values))} noValidate>
      <Stack gap="lg">
        <FormError error={saving.error} form={form} rename={formPath} />
        <Section title="What it is">
          <Stack gap="md">
            <TextInput
              label="Name"
              description="Unique; jobs and people call it by this"
              placeholder="web-01"
              autoComplete="off"
              spellCheck={false}
              {...form.getInputProps('name')}
            />
            <SimpleGrid cols={{ base: 1, xs: 2 }}>
              <Select label="System" data={osChoices} allowDeselect={false} {...form.getInputProps('osType')} />
              <Autocomplete
                label="Environment (optional)"
                placeholder="production"
                data={environments}
                {...form.getInputProps('environment')}
              />
            </SimpleGrid>
            <TagsInput
              label="Tags (optional)"
              placeholder={form.values.tags.length === 0 ? 'web, eu-west' : undefined}
              data={known.data?.items.map(({ tag }) => tag)}
              limit={8}
              splitChars={[',', ' ']}
              acceptValueOnBlur
              error={Object.entries(form.errors).find(([path]) => path.startsWith('tags'))?.[1]}
              value={form.values.tags}
              onChange={(tags) => form.setFieldValue('tags', tags)}
            />
            <Textarea
              label="Description (optional)"
              autosize
              minRows={2}
              maxRows={8}
              {...form.getInputProps('description')}
            />
            <Button
              variant="subtle"
              color="gray"
              size="xs"
              aria-expanded={isOpen}
              rightSection={<IconChevronDown size={14} aria-hidden />}
              onClick={toggle}
              style={{ alignSelf: 'flex-start' }}
            >
              More: kind, state, place, zone
            </Button>
            <Collapse expanded={isOpen}>
              <SimpleGrid cols={{ base: 1, xs: 2 }}>
                <Select label="Kind" data={typeChoices} allowDeselect={false} {...form.getInputProps('targetType')} />
                <Select label="State" data={statusChoices} allowDeselect={false} {...form.getInputProps('status')} />
                <TextInput label="System version" {...form.getInputProps('osVersion')} />
                <TextInput label="Location" {...form.getInputProps('location')} />
                <TextInput label="Data centre" {...form.getInputProps('dataCentre')} />
                <TextInput label="Region" {...form.getInputProps('region')} />
                <TextInput label="Zone" description="Its executors reach the target" {...form.getInputProps('zone')} />
              </SimpleGrid>
            </Collapse>
          </Stack>
        </Section>
        <Section
          title="How to reach it"
          description="The first method that works is used; the primary one is tried first."
        >
          <Stack gap="md">
            {form.values.methods.map((method, index) => (
              <MethodFields key={method.key} form={form} index={index} />
            ))}
            <Button
              variant="default"
              size="xs"
              leftSection={<IconPlus size={15} aria-hidden />}
              onClick={() => form.insertListItem('methods', newMethod())}
              style={{ alignSelf: 'flex-start' }}
            >
              Another method
            </Button>
          </Stack>
        </Section>
        <Group gap="xs">
          <Button type="submit" loading={saving.isPending}>
            {label}
          </Button>
          <Button variant="subtle" color="gray" onClick={onCancel}>
            Cancel
          </Button>
        </Group>
      </Stack>
      <LeaveGuard isDirty={() => form.isDirty()} />
    </form>
  )
}
