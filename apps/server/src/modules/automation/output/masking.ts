/** What a secret is replaced by, wherever it shows. */
const blackened = Buffer.from('********')
/** Shorter ones would blacken half of every output. */
const shortest = 4

/** Replaces secrets in a stream of bytes, also where one is split over pieces. */
export type Masker = {
  /** @returns what can be shown by now; the beginning of what may become a secret is held back */
  push: (bytes: Buffer) => Buffer
  /** The rest, at the end of the stream. */
  end: () => Buffer
  /** Bytes that are held back. */
  heldBytes: () => number
}

/**
 * The forms in which a secret shows up in outputs: as it is, line by line, in base64 (at each of the three places it can
 * have among other bytes), in hexadecimal, and escaped for URLs, JSON and the shell.
 */
export const formsOf = (secret: string): string[] => {
  const bytes = Buffer.from(secret)
  const base64 = [0, 1, 2].map((offset) => {
    const encoded = Buffer.concat([Buffer.alloc(offset), bytes])
      .toString('base64')
      .replace(/=+$/, '')
    // characters that also depend on the neighbours are left out
    const from = [0, 2, 3][offset] ?? 0
    const to = (bytes.length + offset) % 3 === 0 ? encoded.length : encoded.length - 1
    return encoded.slice(from, to)
  })
  const forms = [
    secret,
    ...secret.split(/\r?\n/),
    ...base64,
    ...base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_')),
    bytes.toString('hex'),
    bytes.toString('hex').toUpperCase(),
    encodeURIComponent(secret.toWellFormed()),
    JSON.stringify(secret).slice(1, -1),
    secret.replaceAll("'", String.raw`'\''`),
  ]
  return forms.filter((form) => form.trim().length >= shortest)
}

export const createMasker = (secrets: readonly string[]): Masker => {
  // one byte, one character: lengths and places are those of the bytes
  const forms = [...new Set(secrets.filter((secret) => secret.length >= shortest).flatMap(formsOf))]
    .map((form) => Buffer.from(form).toString('latin1'))
    .toSorted((a, b) => b.length - a.length)
  if (forms.length === 0) return { push: (bytes) => bytes, end: () => Buffer.alloc(0), heldBytes: () => 0 }

  const pattern = new RegExp(forms.map((form) => form.replace(/[.*+?^${}()|[\]\\/]/g, String.raw`\$&`)).join('|'), 'g')
  const replacement = blackened.toString('latin1')
  let held = ''

  return {
    push: (bytes) => {
      const text = held + bytes.toString('latin1')
      const from = holdFrom(text, forms)
      // a secret that ends before what is held back is complete; one that reaches into it is not replaced yet
      held = text.slice(from)
      return Buffer.from(text.slice(0, from).replace(pattern, replacement), 'latin1')
    },
    end: () => {
      const rest = held.replace(pattern, replacement)
      held = ''
      return Buffer.from(rest, 'latin1')
    },
    heldBytes: () => held.length,
  }
}

/**
 * Where the text must be held back: at the earliest place from which some form could go on beyond the end. A form that
 * is complete there keeps waiting too when a longer one begins at the same place.
 */
const holdFrom = (text: string, forms: readonly string[]): number => {
  const longest = forms[0]?.length ?? 0
  const beginnings = new Set(forms.map((form) => form[0]))
  for (let from = Math.max(0, text.length - longest + 1); from < text.length; from++) {
    if (!beginnings.has(text[from])) continue
    const tail = text.slice(from)
    if (forms.some((form) => form.length > tail.length && form.startsWith(tail))) return backToWhole(text, from, forms)
  }
  return text.length
}

/** A complete form that overlaps the place is not cut in two: the place moves before it. */
const backToWhole = (text: string, place: number, forms: readonly string[]): number => {
  for (const form of forms) {
    const start = text.lastIndexOf(form, place - 1)
    if (start !== -1 && start < place && start + form.length > place) return backToWhole(text, start, forms)
  }
  return place
}
