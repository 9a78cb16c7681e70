const ORIGINAL = Symbol.for('cordis.original')

/** The object behind a Cordis proxy. */
export function toOriginal<T extends object>(value: T): T {
  return (value as { [ORIGINAL]?: T })[ORIGINAL] ?? value
}

/** Replaces a method on one object. After the way back, what somebody else put on top stays, and reaches the original. */
export function wrap<T extends object, K extends keyof T>(host: T, name: K, wrapper: (original: T[K] & ((...args: any[]) => any)) => T[K]) {
  const own = Object.getOwnPropertyDescriptor(host, name)
  const method = host[name] as (...args: any[]) => any
  const original = (...args: any[]) => method.apply(host, args)
  let current = wrapper(original as never) as typeof original
  const wrapped = ((...args: any[]) => current(...args)) as T[K]
  Object.defineProperty(host, name, { value: wrapped, configurable: true, writable: true })
  return () => {
    current = original
    if (host[name] !== wrapped) return
    if (own) Object.defineProperty(host, name, own)
    else delete host[name]
  }
}
