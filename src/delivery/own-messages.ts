const own = new WeakSet<object>()

/** Remembers a session or a request as made by this plugin, which looks after it by itself. */
export function markOwn<T extends object>(value: T): T {
  own.add(value)
  return value
}

/** Whether a session or a request was made by this plugin: what it does for others' messages is not done twice. */
export function isOwn(value: object | undefined): boolean {
  return !!value && own.has(value)
}
