import { expect, test } from 'vitest'
import { deviceName } from './device-name.ts'

test('a browser is called by its name, not by those it pretends to be', () => {
  const chrome = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36'
  expect(deviceName(chrome)).toBe('Chrome on Linux')
  expect(deviceName(`${chrome.replace('X11; Linux x86_64', 'Windows NT 10.0')} Edg/140.0`)).toBe('Edge on Windows')
  expect(deviceName('something else')).toBe('something else')
})
