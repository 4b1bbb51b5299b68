import { SimpleGrid, Stack, TagsInput, Textarea, TextInput } from '@mantine/core'
import { Section } from '../../../ui/Section.tsx'
import { TargetPicker } from '../TargetPicker.tsx'
import type { Draft } from './draft.ts'
import { inputId, type Problems } from './problems.ts'
import type { Edit } from './use-draft.ts'

type Props = { draft: Draft; edit: Edit; problems: Problems }

export const GeneralFields = ({ draft, edit, problems }: Props) => (
  <Section title="Job">
    <Stack gap="md">
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        <TextInput
          id={inputId('name')}
          label="Name"
          value={draft.name}
          error={problems.at('name')}
          onChange={({ currentTarget: { value } }) => edit((draft) => ({ ...draft, name: value }), 'name')}
        />
        <TextInput
          id={inputId('folder')}
          label="Folder (optional)"
          placeholder="web/deploy"
          value={draft.folder ?? ''}
          error={problems.at('folder')}
          onChange={({ currentTarget: { value } }) => edit((draft) => ({ ...draft, folder: value }), 'folder')}
        />
      </SimpleGrid>
      <Textarea
        id={inputId('description')}
        label="Description (optional)"
        autosize
        minRows={2}
        maxRows={10}
        value={draft.description ?? ''}
        error={problems.at('description')}
        onChange={({ currentTarget: { value } }) => edit((draft) => ({ ...draft, description: value }), 'description')}
      />
      <TagsInput
        id={inputId('tags')}
        label="Tags (optional)"
        description="Press Enter after each."
        value={draft.tags ?? []}
        error={problems.at('tags') ?? problems.all.find(({ path }) => path.startsWith('tags.'))?.message}
        splitChars={[',', ' ']}
        onChange={(tags) => edit((draft) => ({ ...draft, tags }))}
      />
      <TargetPicker
        label="Default targets (optional)"
        description="Offered first when the job is run."
        value={draft.targets ?? []}
        error={problems.at('targets') ?? problems.all.find(({ path }) => path.startsWith('targets.'))?.message}
        onChange={(targets) => edit((draft) => ({ ...draft, targets }))}
      />
    </Stack>
  </Section>
)
