import { Stack, Text, Textarea } from '@mantine/core'
import { useState } from 'react'
import { type Draft, documentOf, draftOf } from './draft.ts'
import { hasShape, parseJson } from './parse-document.ts'
import type { Edit } from './use-draft.ts'

type Props = { draft: Draft; edit: Edit; onReadable: (isReadable: boolean) => void }

const textOf = (draft: Draft) => JSON.stringify(documentOf(draft), null, 2)

/** The document itself. What can be read goes into the draft at once; what cannot stays as it was typed. */
export const JsonTab = ({ draft, edit, onReadable }: Props) => {
  const [typed, setTyped] = useState({ text: textOf(draft), of: draft })
  // changed elsewhere: undone, or imported
  if (typed.of !== draft) setTyped({ text: textOf(draft), of: draft })
  const problem = problemOf(typed.text)

  const type = (text: string) => {
    const read = parseJson(text)
    const document = 'value' in read && hasShape(read.value) ? read.value : undefined
    onReadable(document !== undefined)
    if (document === undefined) return setTyped({ text, of: draft })
    const next = draftOf(document)
    setTyped({ text, of: next })
    return edit(() => next, 'json')
  }
  return (
    <Stack gap="xs">
      <Textarea
        label="Job document (JSON)"
        description="The same job as in the form. What you change here changes there."
        autosize
        minRows={16}
        maxRows={60}
        spellCheck={false}
        value={typed.text}
        error={problem}
        styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)', fontSize: 13 } }}
        onChange={({ currentTarget }) => type(currentTarget.value)}
      />
      <Text size="xs" c="dimmed">
        Its JSON Schema is at <code>/api/v1/schemas/job.json</code>.
      </Text>
    </Stack>
  )
}

const problemOf = (text: string) => {
  const read = parseJson(text)
  if ('unreadable' in read) return `Line ${read.unreadable.line}, column ${read.unreadable.column}: this is not JSON.`
  return hasShape(read.value) ? undefined : 'A job document is an object with a list of steps, each with a type.'
}
