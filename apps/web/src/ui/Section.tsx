import { Group, Title } from '@mantine/core'
import { type ReactNode, useId } from 'react'
import classes from './Section.module.css'

type Props = {
  title: string
  description?: ReactNode
  actions?: ReactNode
  children: ReactNode
  /** For tables, which bring their own edges. */
  isFlush?: boolean
}

/** A titled part of a page. */
export const Section = ({ title, description, actions, children, isFlush = false }: Props) => {
  const id = useId()
  return (
    <section aria-labelledby={id} className={classes.section}>
      <div className={classes.head}>
        <div className={classes.words}>
          <Title order={2} id={id}>
            {title}
          </Title>
          {description && <div className={classes.description}>{description}</div>}
        </div>
        {actions && <Group gap="xs">{actions}</Group>}
      </div>
      <div className={isFlush ? classes.flush : classes.body}>{children}</div>
    </section>
  )
}
