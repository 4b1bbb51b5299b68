import { faults, startWindows } from '@opsconductor/winrm/testing'
import { expect, test } from 'vitest'
import { examine } from './winrm-doctor.ts'

const examined = async (options: Parameters<typeof startWindows>[0]) => {
  await using windows = await startWindows(options)
  const { host, port } = windows
  const credentials = { type: 'ntlm', username: 'anna', password: 'Pa$$wörd' } as const
  const examination = await examine({ host, port, credentials }, port)
  return { ...examination, limits: examination.findings.find(({ what }) => what === 'limits') }
}

test('the limits of a machine are told', async () => {
  expect((await examined({})).limits).toMatchObject({ isOk: true, detail: 'requests of 500 KB', advice: null })
})

test('limits that a machine does not tell are no success, and no reason to call it broken', async () => {
  const refusing = {
    intercept: ({ name }: { name: string }) => (name === 'Get' ? { fault: faults.accessDenied } : undefined),
  }
  const { limits, isOk, findings } = await examined(refusing)
  expect(limits).toMatchObject({
    isOk: false,
    detail: expect.stringMatching(/^Access is denied.* requests of 150 KB$/),
    advice: expect.stringMatching(/more slowly/),
  })
  const others = findings.filter(({ what }) => what !== 'limits')
  expect(isOk).toBe(others.every((finding) => finding.isOk))
})
