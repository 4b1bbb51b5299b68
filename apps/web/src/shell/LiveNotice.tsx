import { IconPlugConnectedX } from '@tabler/icons-react'
import { useLiveStatus } from '../live/index.ts'
import classes from './LiveNotice.module.css'

/** Says when what is on the screen may lag behind, because the live connection is down. */
export const LiveNotice = () => {
  const isDown = useLiveStatus() === 'down'
  return (
    <output className={classes.notice}>
      {isDown && (
        <span>
          <IconPlugConnectedX size={15} aria-hidden />
          Not live: reconnecting…
        </span>
      )}
    </output>
  )
}
