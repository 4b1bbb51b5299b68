const attribute = 'data-mantine-color-scheme'

/**
 * Without this, text and edges that fade on hover would also fade from one scheme to the other, a tenth of a second
 * after what is around them. An observer hears of the change before the browser draws it.
 */
export const stillWhileSchemeChanges = () => {
  const root = document.documentElement
  let changes = 0
  new MutationObserver(() => {
    const change = ++changes
    root.dataset['still'] = ''
    // the first frame takes the new colours over at once, and only then may something move again
    requestAnimationFrame(() =>
      requestAnimationFrame(() => {
        if (change === changes) delete root.dataset['still']
      }),
    )
  }).observe(root, { attributeFilter: [attribute] })
}
