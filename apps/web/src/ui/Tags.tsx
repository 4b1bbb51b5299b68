import classes from './Tags.module.css'

type Props = {
  tags: readonly string[]
  /** In a list, so many at most; the others are counted, and named on hover. */
  most?: number
}

export const Tags = ({ tags, most = tags.length }: Props) => {
  // one that is left over takes no more room than its count
  const shown = tags.slice(0, tags.length - most > 1 ? most : tags.length)
  const others = tags.slice(shown.length)
  return tags.length === 0 ? null : (
    <ul className={classes.tags} aria-label="Tags">
      {shown.map((tag) => (
        <li key={tag}>{tag}</li>
      ))}
      {others.length > 0 && <li title={others.join(', ')}>and {others.length} more</li>}
    </ul>
  )
}
