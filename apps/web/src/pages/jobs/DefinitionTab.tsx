import { Stack, Text } from '@mantine/core'
import type { JobDetail, JobDocument, Step } from '@opsconductor/contract'
import { Facts } from '../../ui/Facts.tsx'
import { Section } from '../../ui/Section.tsx'
import classes from './DefinitionTab.module.css'
import { fieldsOf } from './run/parameter-values.ts'
import { stepText, stepTypeWords } from './step-words.ts'
import { strategyWords } from './strategy-words.ts'

/** What a job does, for reading. */
export const DefinitionTab = ({ job: { document } }: { job: JobDetail }) => (
  <Stack gap="md">
    {document.description && <Text style={{ whiteSpace: 'pre-wrap' }}>{document.description}</Text>}
    <Section title="Steps">
      <ol className={classes.steps}>
        {document.steps.map((step, index) => (
          <StepView key={step.id ?? `${index}`} step={step} />
        ))}
      </ol>
    </Section>
    <Parameters document={document} />
    <Where document={document} />
  </Stack>
)

const StepView = ({ step }: { step: Step }) => {
  const name = step.name ?? step.id
  const facts = [
    name !== undefined && stepTypeWords[step.type],
    'interpreter' in step && step.interpreter,
    'shell' in step && step.shell,
    'fileMode' in step && step.fileMode && `mode ${step.fileMode}`,
    'owner' in step && step.owner && `owner ${step.owner}`,
    step.target && `on ${step.target}`,
    step.timeoutSec && `at most ${step.timeoutSec} s`,
    step.retries && `${step.retries} ${step.retries === 1 ? 'retry' : 'retries'}`,
    step.onError === 'continue' && 'goes on after an error',
    step.idempotent && 'idempotent',
    step.mode,
  ].filter(Boolean)
  return (
    <li className={classes.step}>
      <Text fw={600}>{name ?? stepTypeWords[step.type]}</Text>
      {facts.length > 0 && (
        <Text size="sm" c="dimmed">
          {facts.join(' · ')}
        </Text>
      )}
      <pre className={classes.text}>{stepText(step)}</pre>
    </li>
  )
}

const Parameters = ({ document }: { document: JobDocument }) => {
  const fields = fieldsOf(document)
  if (fields.length === 0) return null
  return (
    <Section title="Parameters">
      <Facts
        facts={Object.fromEntries(
          fields.map(({ name, spec }) => [
            name,
            <span key={name}>
              {[
                spec.type,
                spec.default !== undefined && `default ${JSON.stringify(spec.default)}`,
                spec.choices && `one of ${spec.choices.join(', ')}`,
                spec.pattern && `matches ${spec.pattern}`,
                spec.required && 'required',
                spec.secret && 'secret',
              ]
                .filter(Boolean)
                .join(', ')}
              {spec.description && (
                <Text size="sm" c="dimmed">
                  {spec.description}
                </Text>
              )}
            </span>,
          ]),
        )}
      />
    </Section>
  )
}

const Where = ({ document: { targets = [], strategy = {}, timeoutSec } }: { document: JobDocument }) => (
  <Section title="Where and how">
    <Facts
      facts={{
        Targets: targets.length > 0 ? targets.join(', ') : 'chosen when it is run',
        ...strategyWords(strategy),
        'Time limit': timeoutSec && `${timeoutSec.toLocaleString('en')} s for the whole execution`,
      }}
    />
  </Section>
)
