const ORIGINAL = Symbol.for('cordis.original')

/** The object behind Cordis' proxies: what is reached through one may be put behind another. */
export function unwrap<T extends object>(value: T): T {
  const original = (value as { [ORIGINAL]?: T })[ORIGINAL]
  return original ? unwrap(original) : value
}

type Method = (...args: any[]) => any

type Wrapper<T, F> = (original: F & Method, callOn: (target: T, ...args: any[]) => any) => F

/**
 * Replaces a method on one object, and returns what undoes that. A wrapper that somebody else has put on top since then
 * stays, and then calls the original.
 *
 * @param wrapper is given the original, and a function that calls it on another object, derived from this one
 */
export function patchMethod<T extends object, K extends keyof T>(host: T, name: K, wrapper: Wrapper<T, T[K]>) {
  const own = Object.getOwnPropertyDescriptor(host, name)
  const method = host[name] as Method
  const original = (...args: any[]) => method.apply(host, args)
  let current = wrapper(original as never, (target, ...args) => method.apply(target, args)) as typeof original
  const wrapped = ((...args: any[]) => current(...args)) as T[K]
  Object.defineProperty(host, name, { value: wrapped, configurable: true, writable: true })
  return () => {
    current = original
    if (host[name] !== wrapped) return
    if (own) Object.defineProperty(host, name, own)
    else delete host[name]
  }
}
