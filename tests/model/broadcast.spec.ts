/** Rule: whatever users, plugins and operators do at the same time, everybody gets a broadcast once, or it is known why not. */
import { explore } from './explore'

/** How much happens in each world; more on demand. */
const STEPS = Number(process.env.STEPS) || 80

describe('whatever users, plugins and operators do at the same time', () => {
  const broadcasts = (options: Partial<Parameters<typeof explore>[0]>) => explore({ steps: STEPS, broadcasts: true, ...options })

  it('everybody gets a broadcast once, or it is known why not', () => broadcasts({}))

  it('also when the plugin is reloaded in the midst of it', () => broadcasts({ reloads: true }))

  it('in parts, beside other plugins, with a database that takes its time', () => broadcasts({ foreign: true, parts: true, slowDatabase: true }))
})
