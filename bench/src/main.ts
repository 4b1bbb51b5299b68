/**
 * Measures speed beside what people would use instead.
 *
 *     npm run bench -- fanout-cold
 *     npm run bench -- fanout-cold --small      a try: fewer targets, fewer lines
 */
import { measureCopy } from './copy.ts'
import { measureDispatch } from './dispatch.ts'
import { measureFanout1000 } from './fanout-1000.ts'
import { measureFanoutCold, measureFanoutWarm } from './fanout.ts'
import { measureHistory } from './history.ts'
import { measureLog1Mb } from './log1mb.ts'
import { measureLogOpen } from './log-open.ts'
import { measureOutput } from './output.ts'
import { sayMachine } from './report/machine.ts'
import { measureRtt40 } from './rtt40.ts'
import { measureSsh } from './ssh.ts'
import { measureStart } from './start.ts'
import { measureSteps } from './steps.ts'
import { measureFiveSteps } from './steps5x50.ts'
import { measureWinrm } from './winrm.ts'

type Options = { isSmall: boolean }

const measurements: Record<string, (options: Options) => Promise<void>> = {
  dispatch: measureDispatch,
  'fanout-cold': measureFanoutCold,
  'fanout-warm': measureFanoutWarm,
  steps5x50: measureFiveSteps,
  'fanout-1000': measureFanout1000,
  rtt40: measureRtt40,
  output: measureOutput,
  log1mb: measureLog1Mb,
  copy: measureCopy,
  'log-open': measureLogOpen,
  history: measureHistory,
  steps: measureSteps,
  start: measureStart,
  ssh: measureSsh,
  winrm: measureWinrm,
}

const words = process.argv.slice(2)
const isSmall = words.includes('--small')
const wanted = words.filter((word) => word !== '--small')
const unknown = wanted.filter((name) => !(name in measurements))
if (unknown.length > 0) {
  console.error(`There is no measurement ${unknown.join(', ')}. There is: ${Object.keys(measurements).join(', ')}`)
  process.exitCode = 2
} else {
  sayMachine()
  for (const name of wanted.length > 0 ? wanted : Object.keys(measurements)) await measurements[name]?.({ isSmall })
}
