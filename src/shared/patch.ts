const ORIGINAL = Symbol.for('cordis.original')

/** The object behind a Cordis proxy. */
export function toOriginal<T extends object>(value: T): T {
  return (value as { [ORIGINAL]?: T })[ORIGINAL] ?? value
}

/** Replaces a method on one object. The way back leaves alone what somebody else put on top. */
export function wrap<T extends object, K extends keyof T>(host: T, name: K, wrapper: (original: T[K] & ((...args: any[]) => any)) => T[K]) {
  const own = Object.getOwnPropertyDescriptor(host, name)
  const method = host[name] as (...args: any[]) => any
  const wrapped = wrapper(((...args: any[]) => method.apply(host, args)) as never)
  Object.defineProperty(host, name, { value: wrapped, configurable: true, writable: true })
  return () => {
    if (host[name] !== wrapped) return
    if (own) Object.defineProperty(host, name, own)
    else delete host[name]
  }
}
