import { Button, Group, Modal, NumberInput, Stack, Text } from '@mantine/core'
import {
  api,
  type FieldProblem,
  type JobDetail,
  type Plan,
  type PlanDiff,
  ProblemError,
  type RunRequest,
} from '@opsconductor/contract'
import { useMutation } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { call } from '../../../session/index.ts'
import { changed } from '../../../session/queries.ts'
import { ErrorView } from '../../../ui/ErrorView.tsx'
import { createWishes } from '../../executions/request-key.ts'
import { TargetPicker } from '../TargetPicker.tsx'
import { ParameterInputs } from './ParameterInputs.tsx'
import { checkTyped, fieldsOf, typedDefaults, valuesOf } from './parameter-values.ts'
import { PlanView } from './PlanView.tsx'

type Props = { job: JobDetail; onClose: () => void }

/** A plan that was asked for, with the request that it answers; and what it differs in from the one shown before. */
type Planned = {
  request: RunRequest
  plan: Plan
  change: { diff: PlanDiff | undefined } | null
}

/** Where and with which values, then exactly what would happen, then it happens. */
export const RunDialog = ({ job, onClose }: Props) => {
  const fields = fieldsOf(job.document)
  const [targets, setTargets] = useState<readonly string[]>(job.document.targets ?? [])
  const [typed, setTyped] = useState(() => typedDefaults(fields))
  const [priority, setPriority] = useState(0)
  const [errors, setErrors] = useState<Record<string, string>>({})
  const [planned, setPlanned] = useState<Planned>()
  const navigate = useNavigate()
  const [carryOut] = useState(createWishes)
  const params = { ref: job.uuid }

  const plan = useMutation({
    mutationFn: async ({ request, change = null }: { request: RunRequest; change?: Planned['change'] }) => ({
      request,
      plan: await call(api.jobs.plan, { params, body: request }),
      change,
    }),
    onSuccess: setPlanned,
    onError: (error) => {
      setPlanned(undefined)
      setErrors(error instanceof ProblemError ? byParameter(error.problem.fields ?? []) : {})
    },
  })
  const start = useMutation({
    mutationFn: ({ request, plan }: Planned) => {
      const body = { ...request, planHash: plan.hash, ...(priority === 0 ? {} : { priority }) }
      return carryOut(body, (key) =>
        call(api.executions.start, { params, body }, { headers: { 'Idempotency-Key': key } }),
      )
    },
    onSuccess: (execution) => {
      void changed('executions')
      return navigate({ to: '/executions/$ref', params: { ref: execution.ref } })
    },
    onError: (error, { request }) => {
      const isStale = error instanceof ProblemError && error.problem.code === 'plan_changed'
      if (isStale) plan.mutate({ request, change: { diff: error.problem.diff } })
    },
  })
  const isStale = start.error instanceof ProblemError && start.error.problem.code === 'plan_changed'

  const isSaidAbove = isAbout(plan.error, ['targets', ...fields.map(({ name }) => name)])

  const look = () => {
    const found = checkTyped(fields, typed)
    setErrors(found)
    if (Object.keys(found).length > 0) return
    start.reset()
    const values = valuesOf(fields, typed)
    plan.mutate({
      request: {
        ...(targets.length > 0 ? { targets: [...targets] } : {}),
        ...(fields.length > 0 ? { parameters: values } : {}),
      },
    })
  }
  return (
    <Modal opened onClose={onClose} title={`Run ${job.name}`} size={planned ? 'xl' : 'lg'}>
      {planned ? (
        <Stack gap="md">
          <PlanView plan={planned.plan} change={planned.change} />
          {start.error && !isStale && <ErrorView error={start.error} />}
          <Group justify="space-between" gap="xs">
            <Button variant="default" onClick={() => setPlanned(undefined)}>
              Back
            </Button>
            <Button
              data-autofocus
              loading={start.isPending || plan.isPending}
              disabled={planned.plan.branches.length === 0}
              onClick={() => start.mutate(planned)}
            >
              Run on {counted(planned.plan.branches.length)}
            </Button>
          </Group>
        </Stack>
      ) : (
        <form
          noValidate
          onSubmit={(event) => {
            event.preventDefault()
            look()
          }}
        >
          <Stack gap="md">
            <TargetPicker
              label="Targets"
              description={
                job.document.targets?.length ? 'Those of the job, unless you choose others.' : 'Where it is to run.'
              }
              value={targets}
              onChange={setTargets}
              error={errors['targets']}
            />
            {fields.length > 0 && <ParameterInputs fields={fields} typed={typed} onType={setTyped} errors={errors} />}
            <NumberInput
              label="Priority"
              description="From -100 to 100. What has a higher one begins first, and its branches go before those that wait."
              min={-100}
              max={100}
              allowDecimal={false}
              clampBehavior="strict"
              value={priority}
              onChange={(value) => setPriority(typeof value === 'number' ? value : 0)}
              maw={360}
            />
            {plan.error && !isSaidAbove && <ErrorView error={plan.error} />}
            <Group justify="space-between" gap="xs">
              <Text size="xs" c="dimmed">
                Nothing runs yet: the plan comes first.
              </Text>
              <Group gap="xs">
                <Button variant="default" onClick={onClose}>
                  Cancel
                </Button>
                <Button type="submit" data-autofocus loading={plan.isPending}>
                  Show the plan
                </Button>
              </Group>
            </Group>
          </Stack>
        </form>
      )}
    </Modal>
  )
}

const counted = (targets: number) => `${targets.toLocaleString('en')} ${targets === 1 ? 'target' : 'targets'}`

/** Does every reason stand at one of these fields? */
const isAbout = (error: unknown, names: readonly string[]) => {
  const said = error instanceof ProblemError ? Object.keys(byParameter(error.problem.fields ?? [])) : []
  return said.length > 0 && said.every((name) => names.includes(name))
}

/** `parameters.svc` belongs to the field of `svc`. */
const byParameter = (fields: readonly FieldProblem[]) =>
  Object.fromEntries(
    fields.map(({ path, message }) => [
      path.replace(/^parameters\./, '').replace(/^(targets)\..*/, '$1'),
      message.charAt(0).toUpperCase() + message.slice(1),
    ]),
  )
