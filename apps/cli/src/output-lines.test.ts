import { expect, test } from 'vitest'
import { createOutputLines } from './output-lines.ts'
import { createPrinter } from './print.ts'
import { line } from './testing/samples.ts'
import { remembering } from './testing/world.ts'

const web1 = { number: '001', target: 'web1' }
const db = { number: '002', target: 'database' }

const lines = (options: { isPrefixed: boolean; stream?: 'stdout' | 'stderr'; isJson?: boolean }) => {
  const stdout = remembering()
  const stderr = remembering()
  const print = createPrinter({
    stdout: stdout.out,
    stderr: stderr.out,
    isJson: options.isJson === true,
    isColoured: true,
  })
  return { ...createOutputLines(print, options), stdout: stdout.text, stderr: stderr.text }
}

test('the text of a single branch passes unchanged, unfinished pieces at once', () => {
  const output = lines({ isPrefixed: false })
  output.take(web1, [line(1, 'Continue? ', { continues: true })])
  expect(output.stdout()).toBe('Continue? ')
  expect(output.isLineOpen()).toBe(true)
  output.take(web1, [line(2, 'yes\r'), line(3, '\u001b[31m  ü\t'), line(4, '')])
  expect(output.stdout()).toBe('Continue? yes\r\n\u001b[31m  ü\t\n\n')
  expect(output.isLineOpen()).toBe(false)
})

test('stdout goes to stdout, stderr and notices to stderr', () => {
  const output = lines({ isPrefixed: false })
  output.take(web1, [line(1, 'a'), line(2, 'b', { stream: 'stderr' }), line(3, 'cut here', { stream: 'notice' })])
  expect(output.stdout()).toBe('a\n')
  expect(output.stderr()).toBe('b\ncut here\n')
})

test('lines of several branches stand behind their branch and are never torn apart', () => {
  const output = lines({ isPrefixed: true })
  output.align(['web1', 'database'])
  output.take(web1, [line(1, 'half', { continues: true })])
  output.take(db, [line(1, 'whole')])
  output.take(web1, [line(1, 'warning', { stream: 'stderr' }), line(2, ' done', { line: 1 })])
  expect(output.stdout()).toBe('002 database │ whole\n001 web1     │ half done\n')
  expect(output.stderr()).toBe('001 web1     │ warning\n')
})

test('what is unfinished when a branch ends is shown then', () => {
  const output = lines({ isPrefixed: true })
  output.take(web1, [line(1, 'no line end', { continues: true })])
  output.flush('002')
  expect(output.stdout()).toBe('')
  output.flush('001')
  expect(output.stdout()).toBe('001 web1 │ no line end\n')
})

test('a step that ends without a line end does not run into the next one', () => {
  const output = lines({ isPrefixed: true })
  output.take(web1, [line(1, 'first', { continues: true }), line(2, 'second', { step: 2 })])
  expect(output.stdout()).toBe('001 web1 │ first\n001 web1 │ second\n')
})

test("one target's colour does not reach the next line", () => {
  const output = lines({ isPrefixed: true })
  output.take(web1, [line(1, '\u001b[31mred')])
  expect(output.stdout()).toBe('001 web1 │ \u001b[31mred\u001b[0m\n')
})

test('one stream may be asked for', () => {
  const output = lines({ isPrefixed: false, stream: 'stderr' })
  output.take(web1, [line(1, 'a'), line(2, 'b', { stream: 'stderr' })])
  expect([output.stdout(), output.stderr()]).toEqual(['', 'b\n'])
})

test('with --json every piece is a line of JSON', () => {
  const output = lines({ isPrefixed: true, isJson: true })
  output.take(web1, [line(7, 'a\nb', { continues: true })])
  expect(JSON.parse(output.stdout())).toMatchObject({
    type: 'output',
    branch: '001',
    target: 'web1',
    seq: 7,
    text: 'a\nb',
  })
  expect(output.stdout().split('\n')).toHaveLength(2)
})
