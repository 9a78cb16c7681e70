/** Lets whatever else waits have its turn, as a database within this process does not. */
export function nextTurn() {
  return new Promise<void>(resolve => setImmediate(resolve))
}
