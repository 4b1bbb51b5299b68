import { api, type Execution } from '@opsconductor/contract'
import { useQuery } from '@tanstack/react-query'
import { queryOf } from '../../session/queries.ts'
import { ConfirmButton } from '../../ui/ConfirmButton.tsx'

type Props = { execution: Execution; resume: (confirm: boolean) => Promise<unknown> }

/** Goes on where it failed. When the job has changed since, that is said before. */
export const ResumeButton = ({ execution, resume }: Props) => {
  const { version } = execution.job
  const job = useQuery(queryOf(api.jobs.read, { params: { ref: execution.job.uuid } }))
  const newest = job.data?.version ?? version
  return (
    <ConfirmButton
      label="Resume"
      title={`Go on where ${execution.ref} failed?`}
      confirm="Go on"
      action={() => resume(newest !== version)}
    >
      Each branch that did not complete begins at its first step that did not. What completed is not run again.
      {newest !== version &&
        ` The job has changed since: this goes on with version ${version}, not with version ${newest}.`}
    </ConfirmButton>
  )
}
