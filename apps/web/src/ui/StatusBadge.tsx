import classes from './StatusBadge.module.css'

export type Tone = 'green' | 'red' | 'amber' | 'blue' | 'neutral'

const tones: Record<string, Tone> = {
  completed: 'green',
  healthy: 'green',
  active: 'green',
  ok: 'green',
  failed: 'red',
  critical: 'red',
  lost: 'red',
  warning: 'amber',
  maintenance: 'amber',
  paused: 'amber',
  unknown: 'neutral',
  running: 'blue',
}

type Props = {
  /** A state as the API names it: `running`, `needs_attention`. */
  status: string
  /** Where the same word means something else: an unknown step is worse than an unknown health. */
  tone?: Tone
  label?: string
}

/** A dot and a word. The word says it all; the colour only helps the eye. */
export const StatusBadge = ({ status, tone = tones[status] ?? 'neutral', label }: Props) => (
  <span className={classes.badge} data-tone={tone} data-moving={status === 'running' || undefined}>
    <span className={classes.dot} aria-hidden />
    {label ?? wordOf(status)}
  </span>
)

const wordOf = (status: string) => {
  const words = status.replaceAll('_', ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}
