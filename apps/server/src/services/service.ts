/** A loop that runs until it is stopped; stopping waits for what is under way. */
export type RunningService = { stop: () => Promise<void> }
