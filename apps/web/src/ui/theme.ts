import { createTheme, type CSSVariablesResolver, type MantineColorsTuple } from '@mantine/core'

const petrol: MantineColorsTuple = [
  '#eef8fa',
  '#dbeff3',
  '#b5dfe8',
  '#8acddb',
  '#63bdcf',
  '#46a9bd',
  '#2b93a8',
  '#1a7d92',
  '#0f6a7f',
  '#084f60',
]
const gray: MantineColorsTuple = [
  '#f7f8f9',
  '#f0f2f4',
  '#e5e8ec',
  '#d5dae0',
  '#bcc4cd',
  '#97a1ad',
  '#717c8a',
  '#525d6a',
  '#38424e',
  '#1f262e',
]
const dark: MantineColorsTuple = [
  '#d9dee4',
  '#bac2cb',
  '#9aa4b0',
  '#6c7683',
  '#353e48',
  '#2b333c',
  '#20272e',
  '#191f25',
  '#14181d',
  '#0d1013',
]

const systemFont = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", Ubuntu, Cantarell, sans-serif'

export const theme = createTheme({
  black: gray[9],
  primaryColor: 'petrol',
  // with lighter shades white text on a filled button, and coloured text on white, miss the contrast of WCAG AA
  primaryShade: { light: 8, dark: 8 },
  autoContrast: true,
  colors: { petrol, gray, dark },
  fontFamily: systemFont,
  fontFamilyMonospace: 'ui-monospace, "SF Mono", "Cascadia Mono", "JetBrains Mono", Menlo, Consolas, monospace',
  fontSizes: { xs: '0.75rem', sm: '0.8438rem', md: '0.9375rem', lg: '1.0625rem', xl: '1.25rem' },
  headings: {
    fontFamily: systemFont,
    fontWeight: '640',
    sizes: {
      h1: { fontSize: '1.4375rem', lineHeight: '1.3' },
      h2: { fontSize: '1.0313rem', lineHeight: '1.4' },
      h3: { fontSize: '0.9375rem', lineHeight: '1.4' },
    },
  },
  defaultRadius: 'sm',
  radius: { xs: '4px', sm: '7px', md: '10px', lg: '14px', xl: '20px' },
  shadows: {
    xs: '0 1px 2px rgb(16 24 32 / 6%)',
    sm: '0 1px 3px rgb(16 24 32 / 8%), 0 1px 2px rgb(16 24 32 / 5%)',
    md: '0 4px 14px rgb(16 24 32 / 9%), 0 1px 3px rgb(16 24 32 / 6%)',
    xl: '0 18px 50px rgb(16 24 32 / 18%), 0 2px 8px rgb(16 24 32 / 8%)',
  },
  cursorType: 'pointer',
  focusRing: 'auto',
  respectReducedMotion: true,
  components: {
    Button: { defaultProps: { size: 'sm' }, styles: { label: { fontWeight: 550 } } },
    InputWrapper: { styles: { label: { fontWeight: 500, marginBottom: 3 } } },
    Anchor: { defaultProps: { underline: 'always', inherit: true } },
    Modal: {
      defaultProps: {
        closeButtonProps: { 'aria-label': 'Close' },
        radius: 'md',
        overlayProps: { backgroundOpacity: 0.45 },
      },
      styles: { title: { fontSize: '1.0313rem', fontWeight: 620, overflowWrap: 'anywhere' } },
    },
    Drawer: { defaultProps: { closeButtonProps: { 'aria-label': 'Close' } } },
    Alert: { defaultProps: { radius: 'md' }, styles: { title: { color: 'var(--mantine-color-text)' } } },
    Notification: { defaultProps: { closeButtonProps: { 'aria-label': 'Close' } } },
    // Mantine's scroll area cannot be reached by keyboard; the list itself scrolls instead
    Select: {
      defaultProps: { withScrollArea: false, clearButtonProps: { 'aria-label': 'Clear' } },
      styles: { options: { maxHeight: 260, overflowY: 'auto' } },
    },
    MultiSelect: {
      defaultProps: { withScrollArea: false, clearButtonProps: { 'aria-label': 'Clear' } },
      styles: { options: { maxHeight: 260, overflowY: 'auto' } },
    },
    Autocomplete: {
      defaultProps: { withScrollArea: false, clearButtonProps: { 'aria-label': 'Clear' } },
      styles: { options: { maxHeight: 260, overflowY: 'auto' } },
    },
    TagsInput: {
      defaultProps: { withScrollArea: false, clearButtonProps: { 'aria-label': 'Clear' } },
      styles: { options: { maxHeight: 260, overflowY: 'auto' } },
    },
    Tooltip: { defaultProps: { openDelay: 350, withArrow: false, fz: 'xs' } },
    Skeleton: { defaultProps: { radius: 'xs' } },
  },
})

/** Names starting with `--oc-` are ours: surfaces and the colours of states, each for both schemes. */
export const cssVariablesResolver: CSSVariablesResolver = (theme) => ({
  variables: {},
  light: {
    '--mantine-color-body': '#ffffff',
    '--mantine-color-text': theme.colors.gray[9],
    '--mantine-color-default-color': theme.colors.gray[9],
    '--mantine-color-error': theme.colors.red[9],
    '--mantine-color-placeholder': theme.colors.gray[7],
    '--mantine-color-dimmed': theme.colors.gray[7],
    '--mantine-color-anchor': petrol[8],
    '--mantine-color-default-border': theme.colors.gray[4],
    '--oc-canvas': '#f6f7f8',
    '--oc-surface': '#ffffff',
    '--oc-sunken': theme.colors.gray[1],
    '--oc-line': theme.colors.gray[2],
    '--oc-hover': '#f3f5f7',
    '--oc-selected': petrol[0],
    '--oc-green': '#178a4c',
    '--oc-red': '#c92a2a',
    '--oc-amber': '#b26a00',
    '--oc-blue': '#1a7d92',
    '--oc-neutral': theme.colors.gray[6],
  },
  dark: {
    '--mantine-color-body': theme.colors.dark[7],
    '--mantine-color-text': theme.colors.dark[0],
    '--mantine-color-default-color': theme.colors.dark[0],
    '--mantine-color-error': theme.colors.red[4],
    '--mantine-color-placeholder': theme.colors.dark[2],
    '--mantine-color-dimmed': theme.colors.dark[2],
    '--mantine-color-anchor': petrol[3],
    '--mantine-color-default-border': '#3d4751',
    '--oc-canvas': theme.colors.dark[8],
    '--oc-surface': theme.colors.dark[7],
    '--oc-sunken': '#11151a',
    '--oc-line': theme.colors.dark[5],
    '--oc-hover': '#1e252c',
    '--oc-selected': '#122c34',
    '--oc-green': '#3fc77e',
    '--oc-red': '#ff7b7b',
    '--oc-amber': '#f0ab3d',
    '--oc-blue': '#63bdcf',
    '--oc-neutral': theme.colors.dark[2],
  },
})
