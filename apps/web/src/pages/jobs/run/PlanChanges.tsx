import { List, Text } from '@mantine/core'
import { hasTexts, type PlanDiff, sayPlanChange } from '@opsconductor/contract'
import classes from './PlanView.module.css'

const shownAtMost = 50

/** What is different between two plans, in sentences, with the texts of commands beside them. */
export const PlanChanges = ({ diff: { changes, total } }: { diff: PlanDiff }) => {
  const shown = changes.slice(0, shownAtMost)
  return (
    <List size="sm">
      {shown.map((change) => (
        <List.Item key={`${change.what} ${change.target?.uuid ?? ''} ${change.step ?? ''} ${change.change}`}>
          {sayPlanChange(change)}
          {hasTexts(change) && <Texts before={change.before} after={change.after} />}
        </List.Item>
      ))}
      {total > shown.length && <List.Item>and {(total - shown.length).toLocaleString('en')} more</List.Item>}
    </List>
  )
}

const Texts = ({ before, after }: { before: string | null; after: string | null }) => (
  <div className={classes.text}>
    {before !== null && <Line sign="−" said="before" text={before} />}
    {after !== null && <Line sign="+" said="now" text={after} />}
  </div>
)

const Line = ({ sign, said, text }: { sign: string; said: string; text: string }) => (
  <>
    <Text span inherit c="dimmed" aria-label={said}>
      {sign}
    </Text>
    <span>{text}</span>
  </>
)
