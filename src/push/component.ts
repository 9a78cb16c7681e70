import { Context, h } from 'koishi'

/**
 * Finds an element that Koishi, or a plugin, runs something for when a message is sent, and with the powers of whoever
 * gets it: `<execute>`, `<prompt>` and the like. Koishi does not tell which of them mean no harm.
 *
 * @returns its name
 */
export function findComponent(ctx: Context, elements: h[]): string | undefined {
  for (const { type, attrs, children } of elements) {
    if (isComponent(ctx, type)) return typeof attrs.is === 'function' ? attrs.is.name || 'component' : String(type)
    const inner = findComponent(ctx, [...children, ...Object.values(attrs).flat(Infinity).filter(h.isElement)])
    if (inner !== undefined) return inner
  }
}

function isComponent({ root }: Context, type: unknown) {
  if (typeof type !== 'string' || type === 'component') return true
  // what is misspelt was meant to run, too
  const name = type.toLowerCase()
  return [type, name, name.replace(/^.*:/, '')].some(name => root.get(`component:${name}`))
}
