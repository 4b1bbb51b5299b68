import { TransportError } from '@opsconductor/transports'

/**
 * Gives up connecting after a time that a method sets for itself; the signal is not touched any more once connected.
 *
 * @throws TransportError `timeout` in the phase it had come to
 */
export const withinConnectTime = async <T>(
  limitSec: number | null,
  place: string,
  signal: AbortSignal,
  connect: (signal: AbortSignal) => Promise<T>,
): Promise<T> => {
  if (limitSec === null) return connect(signal)
  const late = new AbortController()
  const timer = setTimeout(() => late.abort(), limitSec * 1000)
  try {
    return await connect(AbortSignal.any([signal, late.signal]))
  } catch (error) {
    if (!late.signal.aborted || signal.aborted || !(error instanceof TransportError)) throw error
    throw new TransportError(
      'timeout',
      error.phase,
      `${place} took longer than the ${limitSec} s this method allows for connecting.`,
      error.details,
      error,
    )
  } finally {
    clearTimeout(timer)
  }
}
