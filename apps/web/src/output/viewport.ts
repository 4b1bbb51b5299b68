/** Height in CSS px of a row that is not wrapped: line numbers are links, and a target needs 24 px (WCAG 2.2, 2.5.8). */
export const rowHeight = 24

/**
 * Height in px that the scrolled element has at most. Browsers cap elements (Chromium at 33.5 million px, Firefox at
 * 17.9 million), so a longer output scrolls in proportion.
 */
export const spacerMax = 8_000_000

/** What is at the top of the viewport: a line, and how many px of it are above the edge. */
export type Anchor = { line: number; offset: number }

export type Geometry = {
  /** Number of lines. */
  total: number
  /** Height of the viewport in px. */
  height: number
  /** Height of a line in px: measured where it was drawn, else estimated. */
  heightOf: (line: number) => number
}

export const startAnchor: Anchor = { line: 1, offset: 0 }

/** The anchor at which the last line ends at the lower edge. */
export const endAnchor = ({ total, height, heightOf }: Geometry): Anchor => {
  let left = height
  for (let line = total; line >= 1; line -= 1) {
    const rowPx = heightOf(line)
    if (rowPx >= left) return { line, offset: rowPx - left }
    left -= rowPx
  }
  return startAnchor
}

const isAfter = (one: Anchor, other: Anchor) =>
  one.line > other.line || (one.line === other.line && one.offset > other.offset)

/** The anchor, or the end where it is beyond. */
export const clampAnchor = (anchor: Anchor, geometry: Geometry): Anchor => {
  const end = endAnchor(geometry)
  if (isAfter(anchor, end)) return end
  return anchor.line < 1 ? startAnchor : anchor
}

/** Moves by so many px of real row heights, down where positive. For steps of a few screens; jumps go by `anchorAt`. */
export const moveBy = (anchor: Anchor, px: number, geometry: Geometry): Anchor => {
  let { line } = anchor
  let offset = anchor.offset + px
  while (offset < 0 && line > 1) {
    line -= 1
    offset += geometry.heightOf(line)
  }
  while (line < geometry.total && offset >= geometry.heightOf(line)) {
    offset -= geometry.heightOf(line)
    line += 1
  }
  return clampAnchor({ line, offset: Math.max(offset, 0) }, geometry)
}

/** Position in lines, with a fraction: what is proportional to the scroll bar. */
const positionOf = (anchor: Anchor, { heightOf }: Geometry) => anchor.line - 1 + anchor.offset / heightOf(anchor.line)

/** Height of the element that gives the scroll bar its length. */
export const spacerHeight = (geometry: Geometry) =>
  Math.min(geometry.height + positionOf(endAnchor(geometry), geometry) * rowHeight, spacerMax)

/** Where the scroll bar stands for an anchor, in px. */
export const scrollTopOf = (anchor: Anchor, geometry: Geometry) => {
  const end = positionOf(endAnchor(geometry), geometry)
  if (end <= 0) return 0
  return (positionOf(anchor, geometry) / end) * (spacerHeight(geometry) - geometry.height)
}

/** What is at the top where the scroll bar stands there. */
export const anchorAt = (scrollTop: number, geometry: Geometry): Anchor => {
  const range = spacerHeight(geometry) - geometry.height
  if (range <= 0) return startAnchor
  const position = Math.min(Math.max(scrollTop / range, 0), 1) * positionOf(endAnchor(geometry), geometry)
  // a hair below a whole number is that number
  const line = Math.floor(position + 1e-6) + 1
  const offset = Math.max(position - (line - 1), 0) * geometry.heightOf(line)
  return clampAnchor({ line, offset }, geometry)
}

/** The anchor that brings a line into the upper third, where its neighbours can be seen too. */
export const anchorShowing = (line: number, geometry: Geometry): Anchor => {
  const wanted = Math.min(Math.max(line, 1), Math.max(geometry.total, 1))
  return moveBy({ line: wanted, offset: 0 }, -Math.floor(geometry.height / 3), geometry)
}

/** Lines to draw, and where the first of them begins relative to the upper edge (0 or above it). */
export const rowsAt = (anchor: Anchor, { total, height, heightOf }: Geometry, overscan: number) => {
  let first = anchor.line
  let top = 0 - anchor.offset
  while (first > 1 && anchor.line - first < overscan) {
    first -= 1
    top -= heightOf(first)
  }
  let last = anchor.line
  let bottom = heightOf(anchor.line) - anchor.offset
  while (last < total && bottom < height) {
    last += 1
    bottom += heightOf(last)
  }
  return { first, last: Math.min(total, last + overscan), top }
}

/** Whether two anchors look the same on the screen. */
export const isSameAnchor = (one: Anchor, other: Anchor) =>
  one.line === other.line && Math.abs(one.offset - other.offset) < 1
