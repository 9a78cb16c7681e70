import { explore } from './explore'

/** How many worlds there are of each kind; more on demand. */
const COUNT = Number(process.env.WORLDS) || 1

describe('whatever users, plugins and operators do at the same time', () => {
  it('everybody gets a broadcast once, or it is known why not', () => explore(COUNT, { steps: 250, broadcasts: true }))

  it('also when the plugin is reloaded in the midst of it', () => explore(COUNT, { steps: 250, broadcasts: true, reloads: true }))

  it('in parts, beside other plugins, with a database that takes its time', () => {
    return explore(COUNT, { steps: 200, broadcasts: true, foreign: true, parts: true, slowDatabase: true })
  })
})
