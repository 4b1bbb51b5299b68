import { Alert, Button, Code, Group, Text } from '@mantine/core'
import { type FieldProblem, ProblemError } from '@opsconductor/contract'
import { IconAlertTriangle, IconPlugConnectedX } from '@tabler/icons-react'
import { isSilence } from '../session/recovery.ts'
import classes from './ErrorView.module.css'

type Described = { title: string; detail: string; requestId?: string; fields?: readonly FieldProblem[] }

/** What a person is told about an error: what the server said where it said something, else that nobody answered. */
export const describeError = (error: unknown): Described => {
  if (error instanceof ProblemError) return error.problem
  if (isSilence(error)) {
    return {
      title: 'The server does not answer',
      detail: 'Check your connection; if it is fine, the server may be restarting. This page goes on when it is back.',
    }
  }
  return { title: 'Something went wrong on this page', detail: error instanceof Error ? error.message : String(error) }
}

/** What the server refused it refuses again. */
const isWorthRetrying = (error: unknown) =>
  !(error instanceof ProblemError && [400, 403, 404].includes(error.problem.status))

type Props = { error: unknown; onRetry?: () => void }

export const ErrorView = ({ error, onRetry }: Props) => {
  const { title, detail, requestId, fields: all = [] } = describeError(error)
  // some details already tell the fields
  const fields = all.filter(({ message }) => !detail.includes(message))
  const isSilent = isSilence(error)
  // it leads to the server's log, where only failures of the server itself have more to say
  const isFault = !(error instanceof ProblemError) || error.problem.status >= 500
  return (
    <Alert
      color="red"
      variant="default"
      role="alert"
      title={title}
      icon={isSilent ? <IconPlugConnectedX aria-hidden /> : <IconAlertTriangle aria-hidden />}
      styles={{ icon: { color: 'var(--oc-red)' } }}
    >
      {detail !== `${title}.` && (
        <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
          {detail}
        </Text>
      )}
      {fields.length > 0 && (
        <ul className={classes.fields}>
          {fields.map(({ path, message }) => (
            <li key={`${path} ${message}`}>
              {path !== '' && <Code>{path}</Code>} {message}
            </li>
          ))}
        </ul>
      )}
      {requestId && isFault && (
        <Text size="xs" c="dimmed" mt={6}>
          Request <Code>{requestId}</Code>
        </Text>
      )}
      {onRetry && isWorthRetrying(error) && (
        <Group mt="sm">
          <Button size="xs" variant="default" onClick={onRetry}>
            Try again
          </Button>
        </Group>
      )}
    </Alert>
  )
}
