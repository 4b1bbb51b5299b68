import { Skeleton } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import type { Tone } from '../../ui/StatusBadge.tsx'
import classes from './Stat.module.css'

type Props = {
  label: string
  /** Undefined while it is being counted. */
  value: number | undefined
  to: string
  search?: Record<string, string>
  /** Worn only when there is something to see. */
  tone?: Tone
}

/** A number that leads to what it counts. */
export const Stat = ({ label, value, to, search, tone }: Props) => (
  <Link to={to} search={search} className={classes.stat} data-tone={value ? tone : undefined}>
    <span className={classes.label}>{label}</span>
    {value === undefined ? (
      <Skeleton height={26} width={44} my={4} />
    ) : (
      <span className={classes.value}>{value.toLocaleString('en')}</span>
    )}
  </Link>
)
