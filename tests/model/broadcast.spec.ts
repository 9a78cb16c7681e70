/** Rule: whatever users, plugins and operators do at the same time, everybody gets a broadcast once, or it is known why not. */
import { explore } from './explore'

/** How many worlds there are of each kind, and how much happens in each; more on demand. */
const COUNT = Number(process.env.WORLDS) || 1
const STEPS = Number(process.env.STEPS) || 80

describe('whatever users, plugins and operators do at the same time', () => {
  const broadcasts = (options: Partial<Parameters<typeof explore>[1]>) => explore(COUNT, { steps: STEPS, broadcasts: true, ...options })

  it('everybody gets a broadcast once, or it is known why not', () => broadcasts({}))

  it('also when the plugin is reloaded in the midst of it', () => broadcasts({ reloads: true }))

  it('in parts, beside other plugins, with a database that takes its time', () => broadcasts({ foreign: true, parts: true, slowDatabase: true }))
})
