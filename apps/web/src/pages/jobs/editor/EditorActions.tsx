import { ActionIcon, Button, FileButton, Tooltip } from '@mantine/core'
import { IconArrowBackUp, IconArrowForwardUp, IconDownload, IconUpload } from '@tabler/icons-react'
import { saveBlob } from '../../../output/index.ts'
import { tellError } from '../../../ui/notices.ts'
import { type Draft, documentOf, draftOf } from './draft.ts'
import { hasShape, parseJson } from './parse-document.ts'
import type { Edit } from './use-draft.ts'

type Props = {
  draft: Draft
  edit: Edit
  history: { undo: () => void; redo: () => void; canUndo: boolean; canRedo: boolean }
  isSaving: boolean
  canSave: boolean
  onCancel: () => void
}

export const EditorActions = ({ draft, edit, history, isSaving, canSave, onCancel }: Props) => {
  const download = () => {
    const text = `${JSON.stringify({ formatVersion: 1, ...documentOf(draft) }, null, 2)}\n`
    saveBlob(new Blob([text], { type: 'application/json' }), `${draft.name || 'job'}.json`)
  }
  const upload = (file: File | null) => {
    if (file === null) return
    void readDraft(file).then((imported) => edit(() => imported), tellError)
  }
  return (
    <>
      <Tooltip label="Undo (Ctrl-Z)">
        <ActionIcon variant="default" size={36} aria-label="Undo" disabled={!history.canUndo} onClick={history.undo}>
          <IconArrowBackUp size={18} aria-hidden />
        </ActionIcon>
      </Tooltip>
      <Tooltip label="Redo (Shift-Ctrl-Z)">
        <ActionIcon variant="default" size={36} aria-label="Redo" disabled={!history.canRedo} onClick={history.redo}>
          <IconArrowForwardUp size={18} aria-hidden />
        </ActionIcon>
      </Tooltip>
      <FileButton onChange={upload} accept="application/json,.json">
        {(props) => (
          <Tooltip label="Import a JSON document">
            <ActionIcon {...props} variant="default" size={36} aria-label="Import a JSON document">
              <IconUpload size={18} aria-hidden />
            </ActionIcon>
          </Tooltip>
        )}
      </FileButton>
      <Tooltip label="Export as JSON">
        <ActionIcon variant="default" size={36} aria-label="Export as JSON" onClick={download}>
          <IconDownload size={18} aria-hidden />
        </ActionIcon>
      </Tooltip>
      <Button variant="default" px={{ base: 12, sm: 18 }} onClick={onCancel}>
        Cancel
      </Button>
      <Button type="submit" px={{ base: 12, sm: 18 }} loading={isSaving} disabled={!canSave}>
        Save
      </Button>
    </>
  )
}

const readDraft = async (file: File): Promise<Draft> => {
  const read = parseJson(await file.text())
  if ('unreadable' in read) {
    throw new Error(`${file.name} is not JSON: line ${read.unreadable.line}, column ${read.unreadable.column}.`)
  }
  if (!hasShape(read.value)) throw new Error(`${file.name} is not a job document: it has no list of steps.`)
  return draftOf(read.value)
}
