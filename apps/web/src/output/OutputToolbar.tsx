import { ActionIcon, Group, Tooltip } from '@mantine/core'
import {
  IconArrowBarToDown,
  IconArrowsMaximize,
  IconArrowsMinimize,
  IconClock,
  IconDownload,
  IconTextWrap,
} from '@tabler/icons-react'
import { type ReactNode, useState } from 'react'

type Props = {
  isFollowing: boolean
  /** Undefined once nothing more can come. */
  setFollowing: ((isFollowing: boolean) => void) | undefined
  isWrapped: boolean
  setWrapped: (isWrapped: boolean) => void
  withTime: boolean
  setWithTime: (withTime: boolean) => void
  isFullScreen: boolean
  toggleFullScreen: () => void
  download: () => Promise<void>
}

export const OutputToolbar = (props: Props) => {
  const { isFollowing, setFollowing, isWrapped, setWrapped, withTime, setWithTime, isFullScreen } = props
  const [isDownloading, setDownloading] = useState(false)
  const download = () => {
    setDownloading(true)
    void props.download().finally(() => setDownloading(false))
  }
  return (
    <Group gap={4} wrap="nowrap">
      {setFollowing && (
        <Toggle label="Follow" isOn={isFollowing} onToggle={() => setFollowing(!isFollowing)}>
          <IconArrowBarToDown size={16} aria-hidden />
        </Toggle>
      )}
      <Toggle label="Timestamps" isOn={withTime} onToggle={() => setWithTime(!withTime)}>
        <IconClock size={16} aria-hidden />
      </Toggle>
      <Toggle label="Wrap lines" isOn={isWrapped} onToggle={() => setWrapped(!isWrapped)}>
        <IconTextWrap size={16} aria-hidden />
      </Toggle>
      <Toggle label="Full screen" isOn={isFullScreen} onToggle={props.toggleFullScreen}>
        {isFullScreen ? <IconArrowsMinimize size={16} aria-hidden /> : <IconArrowsMaximize size={16} aria-hidden />}
      </Toggle>
      <Tooltip label="Download the raw output" withinPortal={false}>
        <ActionIcon variant="default" aria-label="Download the raw output" loading={isDownloading} onClick={download}>
          <IconDownload size={16} aria-hidden />
        </ActionIcon>
      </Tooltip>
    </Group>
  )
}

type ToggleProps = { label: string; isOn: boolean; onToggle: () => void; children: ReactNode }

const Toggle = ({ label, isOn, onToggle, children }: ToggleProps) => (
  <Tooltip label={label} withinPortal={false}>
    <ActionIcon variant={isOn ? 'filled' : 'default'} aria-label={label} aria-pressed={isOn} onClick={onToggle}>
      {children}
    </ActionIcon>
  </Tooltip>
)
