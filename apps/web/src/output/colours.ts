/** Red, green, blue, each 0 to 255. */
export type Colour = readonly [number, number, number]

/** What lies behind the lines in either scheme. Keep in step with `output.module.css`. */
export const paper: Record<'light' | 'dark', Colour> = { light: [255, 255, 255], dark: [17, 21, 26] }
const ink: Record<'light' | 'dark', Colour> = { light: [31, 38, 46], dark: [217, 222, 228] }

/** WCAG 2.2, 1.4.3 contrast of text. */
export const contrastMin = 4.5
/** A little more than is asked for: a chosen line has a tinted background. */
const contrastWanted = 5.2

export const parseColour = (text: string): Colour | undefined => {
  const [red, green, blue] = text.split(',').map(Number)
  return red === undefined || green === undefined || blue === undefined ? undefined : [red, green, blue]
}

/** Relative luminance, WCAG 2.2. */
const luminance = ([red, green, blue]: Colour) => {
  const linear = (value: number) => {
    const part = value / 255
    return part <= 0.040_45 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  }
  return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
}

export const contrast = (one: Colour, other: Colour) => {
  const [high, low] = [luminance(one), luminance(other)].sort((a, b) => b - a) as [number, number]
  return (high + 0.05) / (low + 0.05)
}

/** The colour itself where it can be read on the background, else moved towards black or white until it can. */
export const readable = (colour: Colour, background: Colour): Colour => {
  if (contrast(colour, background) >= contrastWanted) return colour
  const towards: Colour =
    contrast([0, 0, 0], background) > contrast([255, 255, 255], background) ? [0, 0, 0] : [255, 255, 255]
  for (let share = 0.05; share < 1; share += 0.05) {
    const mixed = mix(colour, towards, share)
    if (contrast(mixed, background) >= contrastWanted) return mixed
  }
  return towards
}

const mix = (one: Colour, other: Colour, share: number): Colour => {
  const part = (index: 0 | 1 | 2) => Math.round(one[index] + (other[index] - one[index]) * share)
  return [part(0), part(1), part(2)]
}

const css = (colour: Colour) => `rgb(${colour.join(' ')})`

export type Paint = { colourLight: string; colourDark: string; background?: string }

/** Colours of a piece of text for both schemes, readable in both. Nothing where it has none of its own. */
export const paintOf = (foreground: Colour | undefined, background: Colour | undefined): Paint | undefined => {
  if (!foreground && !background) return undefined
  const on = (scheme: 'light' | 'dark') => css(readable(foreground ?? ink[scheme], background ?? paper[scheme]))
  return {
    colourLight: on('light'),
    colourDark: on('dark'),
    ...(background ? { background: css(background) } : {}),
  }
}
