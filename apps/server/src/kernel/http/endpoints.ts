import type { Route, RouteAnswer, RouteInput } from '@opsconductor/contract'
import type { Context } from '../context.ts'
import type { Exchange } from './exchange.ts'

/** A route of the contract and what answers it. */
export type Endpoint = {
  readonly route: Route
  readonly answer: (ctx: Context, input: unknown, exchange: Exchange) => Promise<unknown>
}

/** `on(api.targets.read, (ctx, { params }) => targets.read(ctx, params.ref))`: a line of a feature's route table. */
export const on = <R extends Route>(
  route: R,
  answer: (ctx: Context, input: RouteInput<R>, exchange: Exchange) => Promise<RouteAnswer<R>>,
): Endpoint => ({ route, answer: answer as Endpoint['answer'] })
