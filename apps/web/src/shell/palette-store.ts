import { createSpotlight } from '@mantine/spotlight'

/** State of the command palette, and how to open and close it. */
export const [paletteStore, palette] = createSpotlight()
