import { Stack, Tabs } from '@mantine/core'
import { type FieldProblem, type JobDetail, type JobDocument, ProblemError } from '@opsconductor/contract'
import { useMutation } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useRef, useState } from 'react'
import { changed } from '../../../session/queries.ts'
import { ErrorView } from '../../../ui/ErrorView.tsx'
import { LeaveGuard } from '../../../ui/LeaveGuard.tsx'
import { tellDone } from '../../../ui/notices.ts'
import { PageHeader } from '../../../ui/PageHeader.tsx'
import { useSearchChange } from '../../../ui/search-change.ts'
import { type Draft, documentOf, duplicateParameters } from './draft.ts'
import { EditorActions } from './EditorActions.tsx'
import { GeneralFields } from './GeneralFields.tsx'
import { JsonTab } from './JsonTab.tsx'
import { ParameterFields } from './ParameterFields.tsx'
import { problemsOf } from './parse-document.ts'
import { ProblemList } from './ProblemList.tsx'
import { problemsAt } from './problems.ts'
import { StepList } from './StepList.tsx'
import { StrategyFields } from './StrategyFields.tsx'
import { useDraft } from './use-draft.ts'

type Props = {
  title: string
  parent: { to: string; label: string }
  initial: Draft
  /** A new job can be saved as it stands, a copy for example; an existing one only once something changed. */
  isNew: boolean
  as: 'form' | 'json'
  save: (document: JobDocument) => Promise<JobDetail>
}

/** Writes a job: as a form or as its document, which are two views of the same draft. */
export const JobEditor = ({ title, parent, initial, isNew, as, save }: Props) => {
  const { draft, edit, ...history } = useDraft(initial)
  const [isReadable, setReadable] = useState(true)
  /** What was wrong when it was last to be saved, as the contract or the server said it. */
  const [found, setFound] = useState<readonly FieldProblem[]>([])
  const isSaved = useRef(false)
  const navigate = useNavigate()
  const change = useSearchChange()

  const saving = useMutation({
    mutationFn: (draft: Draft) => save(documentOf(draft)),
    onSuccess: async (job) => {
      isSaved.current = true
      void changed('jobs')
      tellDone(`${job.name} is saved as version ${job.version}.`)
      await navigate({ to: '/jobs/$ref', params: { ref: job.serial } })
    },
    onError: (error) => {
      if (error instanceof ProblemError) setFound(error.problem.fields ?? [])
    },
  })
  const judge = () => {
    const duplicates = duplicateParameters(draft).map((index) => ({
      path: `parameters.#${index}`,
      message: 'Another parameter has this name',
    }))
    const wrong = [...problemsOf(documentOf(draft)), ...duplicates]
    setFound(wrong)
    saving.reset()
    if (wrong.length === 0) saving.mutate(draft)
  }
  const isDirty = draft !== initial
  const problems = problemsAt(found)
  const hasOtherError = saving.error !== null && problems.all.length === 0
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        judge()
      }}
    >
      <PageHeader
        title={title}
        parent={parent}
        actions={
          <EditorActions
            draft={draft}
            edit={edit}
            history={history}
            isSaving={saving.isPending}
            canSave={isReadable && (isDirty || isNew)}
            onCancel={() => void navigate({ to: parent.to })}
          />
        }
      />
      <Stack gap="md">
        {hasOtherError && <ErrorView error={saving.error} />}
        <ProblemList problems={problems} />
        <Tabs
          value={as}
          keepMounted={false}
          onChange={(next) => {
            setReadable(true)
            change({ values: { as: next === 'form' ? undefined : next } })
          }}
        >
          <Tabs.List mb="md">
            <Tabs.Tab value="form">Form</Tabs.Tab>
            <Tabs.Tab value="json">JSON</Tabs.Tab>
          </Tabs.List>
          <Tabs.Panel value="form">
            <Stack gap="md">
              <GeneralFields draft={draft} edit={edit} problems={problems} />
              <StepList draft={draft} edit={edit} problems={problems} />
              <ParameterFields draft={draft} edit={edit} problems={problems} />
              <StrategyFields draft={draft} edit={edit} problems={problems} />
            </Stack>
          </Tabs.Panel>
          <Tabs.Panel value="json">
            <JsonTab draft={draft} edit={edit} onReadable={setReadable} />
          </Tabs.Panel>
        </Tabs>
      </Stack>
      <LeaveGuard isDirty={() => isDirty && !isSaved.current} />
    </form>
  )
}
