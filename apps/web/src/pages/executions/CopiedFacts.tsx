import { Text } from '@mantine/core'
import type { Copied } from '@opsconductor/contract'
import { Identifier } from '../../ui/Identifier.tsx'
import classes from './BranchHead.module.css'

/** What a copy came to, and what it left out. */
export const CopiedFacts = ({ copied }: { copied: Copied }) => {
  const { sha256, skipped, verifiedBy } = copied
  return (
    <div className={classes.message}>
      <Text size="sm">
        Copied {contentOf(copied)}, {copied.sizeBytes.toLocaleString('en')} bytes; what arrived was compared by{' '}
        {verifiedBy === 'sha256' ? 'SHA-256' : 'cksum'}.
      </Text>
      {sha256 !== null && (
        <Text size="xs" c="dimmed" component="div">
          <Identifier value={sha256} what="SHA-256" />
        </Text>
      )}
      {skipped.length > 0 && (
        <details>
          <summary>Left out: {counted(skipped.length, 'entry', 'entries')}</summary>
          <ul>
            {skipped.map(({ path, reason }) => (
              <li key={path}>
                <span className="mono">{path}</span>: {reason}
              </li>
            ))}
          </ul>
        </details>
      )}
    </div>
  )
}

const counted = (count: number, one: string, many: string) =>
  `${count.toLocaleString('en')} ${count === 1 ? one : many}`

const contentOf = ({ files, folders, links }: Copied) =>
  [
    counted(files, 'file', 'files'),
    ...(folders === 0 ? [] : [counted(folders, 'folder', 'folders')]),
    ...(links === 0 ? [] : [counted(links, 'link', 'links')]),
  ].join(', ')
