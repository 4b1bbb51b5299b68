import { CopyButton } from './CopyButton.tsx'

/** A serial, fingerprint or UUID: monospace, breakable, and copied with one press. */
export const Identifier = ({ value, what }: { value: string; what: string }) => (
  <span style={{ display: 'inline-flex', alignItems: 'center', gap: 2, maxWidth: '100%' }}>
    <span className="mono" style={{ overflowWrap: 'anywhere' }}>
      {value}
    </span>
    <CopyButton value={value} label={`Copy the ${what}`} />
  </span>
)
