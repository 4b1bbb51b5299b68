import { useNavigate } from '@tanstack/react-router'

type Change = { values: Record<string, unknown>; trail?: (string | undefined)[]; isNewEntry?: boolean }

/**
 * Changes what stands after the `?` of this page's address, whichever page it is; undefined takes a value away. The
 * page's own `validateSearch` judges the result, therefore the types of one certain page are not asked for here.
 */
export const useSearchChange = () => {
  const navigate = useNavigate()
  return ({ values, trail, isNewEntry = false }: Change) =>
    void navigate({
      to: '.',
      replace: !isNewEntry,
      resetScroll: false,
      search: ((search: Record<string, unknown>) => ({ ...search, ...values })) as never,
      state: (state) => ({ ...state, trail }),
    })
}
