import { Context, Dict } from 'koishi'

/** What is used of minato's, which is not public. */
interface Preparation {
  prepareTasks?: Dict<Promise<void>>
  prepare?(name: string): Promise<void>
}

/**
 * Prepares the tables again whose preparation failed, as when two processes created one in the same moment. The database
 * layer keeps such a failure, and would fail every query with it until the process ends, which is what happens where this
 * cannot be helped.
 */
export async function prepareAgain(ctx: Context) {
  const model = ctx.model as object as Preparation
  const { prepareTasks: tasks } = model
  if (!isDict(tasks) || typeof model.prepare !== 'function' || !Object.isExtensible(tasks)) return
  for (const name of Object.keys(tasks)) {
    const failed = await Promise.resolve(tasks[name]).then(() => false, () => true)
    // `prepare` first awaits the task that is kept, so the failed one has to go
    if (!failed || !Reflect.deleteProperty(tasks, name)) continue
    tasks[name] = model.prepare(name)
    // it may fail again before anybody asks for the table
    tasks[name].catch(() => {})
  }
}

function isDict(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
