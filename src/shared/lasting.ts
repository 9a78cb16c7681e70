import { Context } from 'koishi'

const apps = new WeakMap<object, Map<string, unknown>>()

/**
 * What outlives a reload of the plugin, which happens with every change of the config: for one app and one name it is
 * always the same object. To be kept free of timers, contexts and other things that belong to one instance.
 */
export function lasting<T>(ctx: Context, name: string, create: () => T): T {
  let values = apps.get(ctx.root)
  if (!values) apps.set(ctx.root, values = new Map())
  if (!values.has(name)) values.set(name, create())
  return values.get(name) as T
}
