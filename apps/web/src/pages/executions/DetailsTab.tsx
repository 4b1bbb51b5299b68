import { Anchor, Stack, Text } from '@mantine/core'
import type { Execution } from '@opsconductor/contract'
import { Link } from '@tanstack/react-router'
import { Facts } from '../../ui/Facts.tsx'
import { Identifier } from '../../ui/Identifier.tsx'
import { Section } from '../../ui/Section.tsx'
import { TimeText } from '../../ui/TimeText.tsx'
import { strategyWords } from '../jobs/strategy-words.ts'

/** With what an execution was started. */
export const DetailsTab = ({ execution }: { execution: Execution }) => {
  const { parameters, strategy, rerunOf } = execution
  const names = Object.keys(parameters)
  return (
    <Stack gap="md">
      <Section title="Parameters" description={names.length > 0 && 'Secret values are masked.'}>
        {names.length === 0 ? (
          <Text size="sm" c="dimmed">
            This job has no parameters.
          </Text>
        ) : (
          <Facts
            facts={Object.fromEntries(
              names.map((name) => [
                name,
                <span key={name} className="mono" style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
                  {String(parameters[name])}
                </span>,
              ]),
            )}
          />
        )}
      </Section>
      <Section title="Execution">
        <Facts
          facts={{
            UUID: <Identifier value={execution.uuid} what="UUID" />,
            Plan: <Identifier value={execution.planHash} what="hash of the plan" />,
            'Started by': execution.requestedBy,
            'Rerun of': rerunOf && (
              <Anchor
                size="sm"
                renderRoot={(rest) => <Link {...rest} to="/executions/$ref" params={{ ref: rerunOf }} />}
              >
                {rerunOf}
              </Anchor>
            ),
            Priority: execution.priority === 0 ? undefined : String(execution.priority),
            'Time limit': execution.timeoutSec && `${execution.timeoutSec.toLocaleString('en')} s`,
            ...strategyWords(strategy),
            Queued: <TimeText at={execution.queuedAt} isAbsolute />,
            Started: execution.startedAt && <TimeText at={execution.startedAt} isAbsolute />,
            Finished: execution.finishedAt && <TimeText at={execution.finishedAt} isAbsolute />,
          }}
        />
      </Section>
    </Stack>
  )
}
