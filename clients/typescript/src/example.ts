// Buys bitcoin for fifty euros: a price that holds for seconds, then the trade at that price.
import createClient from "openapi-fetch";

import type { components, paths } from "./schema.js";

type Problem = components["schemas"]["Problem"];
type Trade = components["schemas"]["Trade"];

/** A refusal; `problem.code` is stable, `problem.retryable` says whether to try again. */
export class Refused extends Error {
  constructor(readonly problem: Problem) {
    super(`${problem.code}: ${problem.title}`);
  }
}

export function connect(baseUrl: string, token: string) {
  return createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${token}` } });
}

export type Krak = ReturnType<typeof connect>;

/** The same `key` again does not trade twice: keep it until an answer has arrived. */
export async function buyBitcoin(krak: Krak, euros: string, key: string): Promise<Trade> {
  const quote = await krak.POST("/v1/quotes", {
    body: { sell: "EUR", buy: "BTC", sell_amount: euros },
  });
  if (quote.error) throw new Refused(quote.error);
  const trade = await krak.POST("/v1/quotes/{id}/accept", {
    params: { path: { id: quote.data.id }, header: { "Idempotency-Key": key } },
  });
  if (trade.error) throw new Refused(trade.error);
  return trade.data;
}

/** All orders, newest first, page by page. */
export async function* orders(krak: Krak): AsyncGenerator<components["schemas"]["Order"]> {
  let query: { cursor?: string } | null = {};
  while (query) {
    const { data, error } = await ordersPage(krak, query);
    if (error) throw new Refused(error);
    yield* data.results;
    const cursor: string | null = data.next && new URL(data.next).searchParams.get("cursor");
    query = cursor ? { cursor } : null;
  }
}

function ordersPage(krak: Krak, query: { cursor?: string }) {
  return krak.GET("/v1/orders", { params: { query } });
}
