import { Skeleton, Stack, VisuallyHidden } from '@mantine/core'

/** While a page or what it shows is on its way. */
export const PagePending = () => (
  <Stack gap="md" component="output">
    <VisuallyHidden>Loading…</VisuallyHidden>
    <Skeleton height={28} width={220} />
    <Skeleton height={180} />
  </Stack>
)
