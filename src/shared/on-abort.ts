const waiting = new WeakMap<AbortSignal, Set<() => void>>()

/**
 * Calls back when a signal aborts. However many wait for one signal, it has one listener: Node.js takes more than ten
 * for a leak, and says so in the operator's log.
 *
 * @returns what takes the callback back
 */
export function onAbort(signal: AbortSignal | undefined, callback: () => void): () => void {
  if (!signal) return () => {}
  const callbacks = waiting.get(signal) ?? listen(signal)
  callbacks.add(callback)
  return () => callbacks.delete(callback)
}

function listen(signal: AbortSignal) {
  const callbacks = new Set<() => void>()
  waiting.set(signal, callbacks)
  signal.addEventListener('abort', () => callbacks.forEach(callback => callback()), { once: true })
  return callbacks
}
