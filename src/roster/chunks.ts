/**
 * How many characters of ids one statement may have. SQLite in WebAssembly breaks on one of more than 60,000, and each
 * quote in an id takes two.
 */
const SIZE = 24_000

/** Cuts a list so that the ids of each part fit a statement. */
export function* inChunks<T>(items: Iterable<T>, toIds: (item: T) => string[]): Generator<T[]> {
  let chunk: T[] = []
  let size = 0
  for (const item of items) {
    const length = toIds(item).reduce((sum, id) => sum + id.length, 0)
    if (chunk.length && size + length > SIZE) {
      yield chunk
      chunk = []
      size = 0
    }
    chunk.push(item)
    size += length
  }
  if (chunk.length) yield chunk
}

/** Asks for each part of such a list. */
export async function ask<T, R>(items: Iterable<T>, toIds: (item: T) => string[], query: (chunk: T[]) => Promise<R[]>): Promise<R[]> {
  return (await Promise.all([...inChunks(items, toIds)].map(query))).flat()
}
