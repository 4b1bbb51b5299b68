import { cpuMsBelow, machineCpuMs } from './processes.ts'

/**
 * How busy others keep this machine meanwhile, in processors: what the machine works beyond this process and all below
 * it. What has put itself into the background counts as foreign, too.
 */
export const watchForeignLoad = () => {
  const startedAt = performance.now()
  const machine = machineCpuMs()
  const ours = cpuMsBelow(process.pid)
  return {
    processors: (): number =>
      Math.max(0, machineCpuMs() - machine - (cpuMsBelow(process.pid) - ours)) / (performance.now() - startedAt),
  }
}
