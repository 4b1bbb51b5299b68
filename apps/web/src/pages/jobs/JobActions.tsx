import { ActionIcon, Button, Menu } from '@mantine/core'
import { api, type JobDetail } from '@opsconductor/contract'
import { IconDots, IconPlayerPlay } from '@tabler/icons-react'
import { useMutation } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { saveBlob } from '../../output/index.ts'
import { call, useMay } from '../../session/index.ts'
import { changed } from '../../session/queries.ts'
import { ConfirmButton } from '../../ui/ConfirmButton.tsx'
import { LinkButton } from '../../ui/LinkButton.tsx'
import { tellDone, tellError } from '../../ui/notices.ts'

type Props = { job: JobDetail; onRun: () => void }

export const JobActions = ({ job, onRun }: Props) => {
  const may = useMay()
  const params = { ref: job.uuid }
  if (job.archivedAt !== null) {
    const restore = async () => {
      await call(api.jobs.restore, { params })
      await changed('jobs')
      tellDone(`${job.name} is back.`)
    }
    return (
      may('jobs.archive') && (
        <ConfirmButton label="Restore" title={`Bring ${job.name} back?`} action={restore}>
          It appears in the list again and can be run and changed.
        </ConfirmButton>
      )
    )
  }
  const archive = async () => {
    await call(api.jobs.archive, { params })
    await changed('jobs')
    tellDone(`${job.name} is archived.`)
  }
  return (
    <>
      {may('executions.start') && (
        <Button leftSection={<IconPlayerPlay size={16} aria-hidden />} disabled={!job.isEnabled} onClick={onRun}>
          Run
        </Button>
      )}
      {may('jobs.update') && (
        <LinkButton to={`/jobs/${job.serial}/edit`} variant="default">
          Edit
        </LinkButton>
      )}
      {may('jobs.archive') && (
        <ConfirmButton label="Archive" title={`Archive ${job.name}?`} action={archive} isDangerous>
          It can no longer be run and leaves the list. Its versions and executions stay, and it can be restored.
        </ConfirmButton>
      )}
      <MoreMenu job={job} />
    </>
  )
}

const MoreMenu = ({ job }: { job: JobDetail }) => {
  const may = useMay()
  const enable = useMutation({
    mutationFn: (isEnabled: boolean) => call(api.jobs.update, { params: { ref: job.uuid }, body: { isEnabled } }),
    onSuccess: async ({ isEnabled }) => {
      await changed('jobs')
      tellDone(isEnabled ? `${job.name} can be run again.` : `${job.name} is disabled.`)
    },
    onError: tellError,
  })
  const download = () => {
    const text = `${JSON.stringify({ formatVersion: 1, ...job.document }, null, 2)}\n`
    saveBlob(new Blob([text], { type: 'application/json' }), `${job.serial}.json`)
  }
  return (
    <Menu position="bottom-end" shadow="md">
      <Menu.Target>
        <ActionIcon variant="default" size={36} aria-label="More">
          <IconDots size={18} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {may('jobs.update') && (
          <Menu.Item onClick={() => enable.mutate(!job.isEnabled)}>{job.isEnabled ? 'Disable' : 'Enable'}</Menu.Item>
        )}
        {may('jobs.create') && (
          <Menu.Item renderRoot={(rest) => <Link {...rest} to="/jobs/new" search={{ copyOf: job.serial }} />}>
            Duplicate
          </Menu.Item>
        )}
        <Menu.Item onClick={download}>Export as JSON</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}
