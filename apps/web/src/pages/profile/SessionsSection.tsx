import { type Session, api } from '@opsconductor/contract'
import { useQuery } from '@tanstack/react-query'
import { call, session } from '../../session/index.ts'
import { changed, queryOf } from '../../session/queries.ts'
import { ConfirmButton } from '../../ui/ConfirmButton.tsx'
import { ErrorView } from '../../ui/ErrorView.tsx'
import { PagePending } from '../../ui/PagePending.tsx'
import { Section } from '../../ui/Section.tsx'
import { TimeText } from '../../ui/TimeText.tsx'
import classes from './SessionsSection.module.css'
import { deviceName } from './device-name.ts'

/** Where one is logged in, each with a way to end it. */
export const SessionsSection = () => {
  const { data, error, refetch } = useQuery(queryOf(api.auth.sessions, {}))
  return (
    <Section
      title="Sessions"
      description="Where you are logged in"
      actions={
        <ConfirmButton
          label="End all"
          title="End all of your sessions?"
          isDangerous
          confirm="End all sessions"
          button={{ size: 'xs' }}
          action={async () => {
            await call(api.auth.revokeAll, { body: undefined })
            await session.logOut()
          }}
        >
          You are logged out everywhere, here too.
        </ConfirmButton>
      }
    >
      {error && <ErrorView error={error} onRetry={() => void refetch()} />}
      {!data && !error && <PagePending />}
      <ul className={classes.sessions}>
        {data?.items.map((each) => (
          <li key={each.uuid}>
            <OneSession session={each} />
          </li>
        ))}
      </ul>
    </Section>
  )
}

const OneSession = ({
  session: { uuid, device, address, lastActiveAt, createdAt, isCurrent },
}: {
  session: Session
}) => (
  <>
    <div className={classes.words}>
      <span className={classes.device} title={device}>
        {deviceName(device)}
        {isCurrent && <span className={classes.here}>This one</span>}
      </span>
      <span className={classes.more}>
        <span className="mono">{address}</span>
        {' · active '}
        <TimeText at={lastActiveAt} />
        {' · since '}
        <TimeText at={createdAt} />
      </span>
    </div>
    {!isCurrent && (
      <ConfirmButton
        label="End"
        title="End this session?"
        confirm="End the session"
        isDangerous
        button={{ size: 'xs', 'aria-label': `End the session of ${deviceName(device)}` }}
        action={async () => {
          await call(api.auth.revokeSession, { params: { ref: uuid } })
          await changed('auth')
        }}
      >
        {deviceName(device)} at {address} is logged out at once.
      </ConfirmButton>
    )}
  </>
)
