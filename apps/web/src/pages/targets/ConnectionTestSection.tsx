import { Button, Text } from '@mantine/core'
import { type ConnectionTest, type Target, api, usableMethods } from '@opsconductor/contract'
import { IconPlugConnected } from '@tabler/icons-react'
import { useMutation, useQuery } from '@tanstack/react-query'
import { call, useMay } from '../../session/index.ts'
import { changed, queryOf } from '../../session/queries.ts'
import { ErrorView } from '../../ui/ErrorView.tsx'
import { Section } from '../../ui/Section.tsx'
import { MethodTestView, WaitingTestView } from './MethodTestView.tsx'

const askAgainMs = 1_000

/** Tries every method for real, and shows how far each came and how long each part took. */
export const ConnectionTestSection = ({ target }: { target: Target }) => {
  const may = useMay()
  const start = useMutation({
    mutationFn: () => call(api.targets.test, { params: { ref: target.uuid }, query: {}, body: undefined }),
    onSettled: () => changed('targets'),
  })
  const started: ConnectionTest | undefined = start.data
  const isOpen = started !== undefined && !started.isFinished
  // a test of more than 30 s is answered before its end
  const later = useQuery({
    ...queryOf(api.targets.readTest, { params: { ref: target.uuid, test: started?.uuid ?? '' } }),
    queryKey: ['connection test', started?.uuid],
    enabled: isOpen,
    refetchInterval: ({ state }) => (state.data?.isFinished ? false : askAgainMs),
  })
  const test = isOpen ? (later.data ?? started) : started
  const isRunning = start.isPending || (test !== undefined && !test.isFinished)
  const active = target.methods.filter(({ isActive, type }) => isActive && usableMethods.includes(type))
  const tested = start.isPending ? [] : (test?.methods ?? [])
  const waiting = isRunning ? active.filter(({ uuid }) => !tested.some(({ method }) => method.uuid === uuid)) : []
  const canTest = may('targets.test') && target.archivedAt === null
  return (
    <Section
      title="Connection"
      description={verdictOf(test, isRunning)}
      actions={
        canTest && (
          <Button
            variant={target.lastTestedAt === null && !test ? 'filled' : 'default'}
            leftSection={<IconPlugConnected size={16} aria-hidden />}
            loading={isRunning}
            onClick={() => start.mutate()}
          >
            Test the connection
          </Button>
        )
      }
    >
      <div aria-live="polite">
        {start.error && <ErrorView error={start.error} />}
        {later.error && <ErrorView error={later.error} />}
        {tested.map((method) => (
          <MethodTestView key={method.method.uuid} test={method} />
        ))}
        {waiting.map((method) => (
          <WaitingTestView key={method.uuid} method={method} />
        ))}
        {!isRunning && !test && !start.error && (
          <Text c="dimmed" size="sm">
            A test really connects: it looks up the name, opens the connection, checks the host key, logs in and runs a
            harmless command.
          </Text>
        )}
      </div>
    </Section>
  )
}

const verdictOf = (test: ConnectionTest | undefined, isRunning: boolean) => {
  if (isRunning) return 'Testing…'
  if (test === undefined) return undefined
  return test.isOk ? 'Everything works' : 'Something does not work'
}
