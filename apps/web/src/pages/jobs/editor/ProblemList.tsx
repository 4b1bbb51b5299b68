import { Alert, Anchor, List } from '@mantine/core'
import { IconAlertTriangle } from '@tabler/icons-react'
import { inputId, type Problems, placeWords } from './problems.ts'

/** Everything that keeps the job from being saved; each leads to its field. */
export const ProblemList = ({ problems }: { problems: Problems }) =>
  problems.all.length === 0 ? null : (
    <Alert
      variant="default"
      role="alert"
      icon={<IconAlertTriangle aria-hidden />}
      title="Not saved yet"
      styles={{ icon: { color: 'var(--oc-red)' } }}
    >
      <List size="sm">
        {problems.all.map(({ path, message }) => (
          <List.Item key={`${path}/${message}`}>
            <Anchor
              href={`#${inputId(path)}`}
              size="sm"
              onClick={(event) => {
                event.preventDefault()
                document.querySelector<HTMLElement>(`#${CSS.escape(inputId(path))}`)?.focus()
              }}
            >
              {placeWords(path)}
            </Anchor>
            : {message}
          </List.Item>
        ))}
      </List>
    </Alert>
  )
