import type { Dashboard, Target } from '@opsconductor/contract'
import { Link } from '@tanstack/react-router'
import classes from './TargetHealthBar.module.css'

const parts: { health: Target['health']; word: string }[] = [
  { health: 'healthy', word: 'healthy' },
  { health: 'warning', word: 'with a warning' },
  { health: 'critical', word: 'critical' },
  { health: 'unknown', word: 'not known yet' },
]

/** How the targets are, as one bar; each number leads to its targets. */
export const TargetHealthBar = ({ targets }: { targets: Dashboard['targets'] | undefined }) => {
  const shown = parts.filter(({ health }) => (targets?.[health] ?? 0) > 0)
  return (
    <div className={classes.card}>
      <Link to="/targets" className={classes.all}>
        <span className={classes.label}>Targets</span>
        <span className={classes.total}>{targets?.total.toLocaleString('en') ?? '…'}</span>
      </Link>
      {targets !== undefined && targets.total > 0 && (
        <>
          <div className={classes.bar} aria-hidden>
            {shown.map(({ health }) => (
              <span key={health} data-health={health} style={{ flexGrow: targets[health] }} />
            ))}
          </div>
          <ul className={classes.words}>
            {shown.map(({ health, word }) => (
              <li key={health} data-health={health}>
                <Link to="/targets" search={{ health }}>
                  {targets[health].toLocaleString('en')} {word}
                </Link>
              </li>
            ))}
          </ul>
        </>
      )}
    </div>
  )
}
