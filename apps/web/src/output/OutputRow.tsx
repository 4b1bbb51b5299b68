import { Button } from '@mantine/core'
import { type CSSProperties, memo } from 'react'
import { spansOf } from './ansi.ts'
import type { Line } from './lines.ts'
import { markSpans } from './matches.ts'
import classes from './OutputRow.module.css'
import { shownOf } from './printable.ts'

type Props = {
  number: number
  /** Undefined while it is on its way. */
  line: Line | undefined
  isChosen: boolean
  isFirstOfStep: boolean
  isWhole: boolean
  withTime: boolean
  wanted: string
  onChoose: (line: number) => void
  onShowAll: (line: number) => void
}

const streamLabels = { stdout: '', stderr: 'err', notice: 'note' } as const
const timeFormat = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  fractionalSecondDigits: 3,
  hourCycle: 'h23',
})

/** A line of output. Its number links to it; what is not stdout says so in words beside it. */
export const OutputRow = memo(
  ({ number, line, isChosen, isFirstOfStep, isWhole, withTime, wanted, onChoose, onShowAll }: Props) => (
    <div
      className={classes.row}
      data-line={number}
      data-stream={line?.stream}
      data-chosen={isChosen || undefined}
      data-first-of-step={isFirstOfStep || undefined}
    >
      <a
        className={classes.number}
        href={`#L${number}`}
        aria-label={`Line ${number}`}
        aria-current={isChosen || undefined}
        tabIndex={-1}
        onClick={(event) => {
          event.preventDefault()
          onChoose(number)
        }}
      >
        {number}
      </a>
      {withTime && (
        <time className={classes.time} dateTime={line?.at}>
          {line && timeFormat.format(new Date(line.at))}
        </time>
      )}
      <span
        className={classes.stream}
        title={line?.isBinary ? 'Not text in UTF-8: the download has its bytes as they were' : undefined}
      >
        {line ? (line.isBinary ? 'bin' : streamLabels[line.stream]) : ''}
      </span>
      {line ? (
        <Text line={line} isWhole={isWhole} wanted={wanted} onShowAll={onShowAll} />
      ) : (
        <span className={classes.pending}>…</span>
      )}
    </div>
  ),
)

/** Spans have no identity but their place. */
const placeOf = (index: number) => `span ${index}`

type TextProps = Pick<Props, 'isWhole' | 'wanted' | 'onShowAll'> & { line: Line }

const Text = ({ line, isWhole, wanted, onShowAll }: TextProps) => {
  const shown = shownOf(line.text, isWhole)
  const hasMore = shown.isClipped || shown.overwrites > 0
  return (
    <span className={classes.text}>
      {markSpans(spansOf(shown.text), wanted).map((span, index) => (
        <span
          key={placeOf(index)}
          className={classes.span}
          data-bold={span.isBold || undefined}
          data-italic={span.isItalic || undefined}
          data-underlined={span.isUnderlined || undefined}
          data-struck={span.isStruck || undefined}
          data-reversed={span.isReversed || undefined}
          data-escape={span.isEscape || undefined}
          data-match={span.isMatch || undefined}
          data-painted={span.paint !== undefined || undefined}
          style={
            span.paint && !span.isMatch
              ? ({
                  '--on-light': span.paint.colourLight,
                  '--on-dark': span.paint.colourDark,
                  background: span.paint.background,
                } as CSSProperties)
              : undefined
          }
        >
          {span.text}
        </span>
      ))}
      {line.isOpen && <span className={classes.cursor} aria-hidden />}
      {hasMore && !isWhole && (
        <Button className={classes.more} size="compact-xs" variant="default" onClick={() => onShowAll(line.line)}>
          {shown.isClipped
            ? `show all ${shown.length.toLocaleString('en')} characters`
            : `overwritten ${shown.overwrites.toLocaleString('en')} times: show all`}
        </Button>
      )}
      {shown.isClipped && isWhole && <em className={classes.rest}>… the rest is in the download</em>}
    </span>
  )
}
