import { Loader, Text, VisuallyHidden } from '@mantine/core'
import { type ConnectPhase, type Method, type MethodTest, type PhaseResult, addressOf } from '@opsconductor/contract'
import { IconCheck, IconMinus, IconX } from '@tabler/icons-react'
import { useEffect, useState } from 'react'
import { Identifier } from '../../ui/Identifier.tsx'
import { duration } from '../../ui/time.ts'
import classes from './MethodTestView.module.css'
import { methodLabel } from './words.ts'

const phaseWords: Record<ConnectPhase, string> = {
  dns: 'Name',
  connect: 'Connection',
  host_key: 'Host key',
  authentication: 'Log-in',
  command: 'Command',
}

const marks: Record<PhaseResult['status'], { icon: typeof IconCheck; word: string }> = {
  ok: { icon: IconCheck, word: 'worked' },
  failed: { icon: IconX, word: 'failed' },
  skipped: { icon: IconMinus, word: 'not tried' },
}

/** How far one method came. */
export const MethodTestView = ({ test }: { test: MethodTest }) => {
  const { method, phases, message, isOk, jumpHost, hostKey, system, credential } = test
  const wasTried = phases.some(({ status }) => status !== 'skipped')
  const total = phases.reduce((sum, { durationMs }) => sum + durationMs, 0)
  return (
    <div className={classes.test} data-ok={wasTried ? isOk : undefined}>
      <div className={classes.head}>
        <strong>{methodLabel(method)}</strong>
        <span className="mono">{method.type === 'local' ? 'this server' : `${method.host}:${method.port}`}</span>
        {credential && <span>with {credential}</span>}
        {wasTried && <span className={classes.total}>{duration(total)}</span>}
      </div>
      <ol className={classes.phases}>
        {phases.map(({ phase, status, durationMs }) => {
          const { icon: Icon, word } = marks[status]
          return (
            <li key={phase} data-status={status}>
              <Icon size={15} stroke={2.4} aria-hidden />
              <span>
                {method.type === 'winrm' && phase === 'host_key' ? 'Certificate' : phaseWords[phase]}
                <VisuallyHidden> {word}</VisuallyHidden>
              </span>
              {status !== 'skipped' && <span className={classes.time}>{duration(durationMs)}</span>}
            </li>
          )
        })}
      </ol>
      {jumpHost && (
        <Text size="sm" fw={600}>
          {jumpHost.phase === null
            ? `No way on from the jump host ${jumpHost.name}`
            : `It failed at the jump host ${jumpHost.name}: ${phaseWords[jumpHost.phase].toLowerCase()}`}
        </Text>
      )}
      <Text size="sm" className={classes.message}>
        {message}
      </Text>
      {system && !message.includes(system) && (
        <Text size="sm" c="dimmed">
          {system}
        </Text>
      )}
      {hostKey && (
        <Text size="xs" c="dimmed" component="div">
          {hostKey.isNew
            ? 'Pinned for the future: '
            : `${method.type === 'winrm' ? 'Certificate' : 'Host key as pinned'}: `}
          {hostKey.algorithm} <Identifier value={hostKey.fingerprint} what="fingerprint" />
        </Text>
      )}
    </div>
  )
}

const tickMs = 100

/** While a method is being tried: that it is, and for how long. */
export const WaitingTestView = ({ method }: { method: Method }) => {
  const [elapsedMs, setElapsedMs] = useState(0)
  useEffect(() => {
    const since = performance.now()
    const timer = setInterval(() => setElapsedMs(performance.now() - since), tickMs)
    return () => clearInterval(timer)
  }, [])
  const { host, port } = addressOf(method)
  return (
    <div className={classes.test}>
      <div className={classes.head}>
        <strong>{methodLabel(method)}</strong>
        <span className="mono">{method.type === 'local' ? 'this server' : `${host}:${port}`}</span>
        <span className={classes.total} aria-hidden>
          {duration(elapsedMs)}
        </span>
      </div>
      <div className={classes.waiting}>
        <Loader size={14} /> Connecting…
      </div>
    </div>
  )
}
