import { Context } from 'koishi'

/**
 * Prepares the tables again whose preparation failed, as when two processes created one in the same moment. The database
 * layer keeps such a failure, and would fail every query with it until the process ends.
 */
export async function prepareAgain(ctx: Context) {
  const { model } = ctx
  const tasks = model['prepareTasks']
  for (const name of Object.keys(tasks)) {
    const failed = await tasks[name].then(() => false, () => true)
    if (!failed) continue
    delete tasks[name]
    tasks[name] = model['prepare'](name)
  }
}
