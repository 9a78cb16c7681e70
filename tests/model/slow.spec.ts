/** Rule: a no holds at once, although the database, or another plugin before a message leaves, takes its time. */
import { explore } from './explore'

describe('whatever users and plugins do at the same time', () => {
  it('the plugin keeps to what it was told, with a database that takes its time', () => explore({ steps: 200, foreign: true, slowDatabase: true }))

  it('and beside another plugin that takes its time before a message leaves', () => explore({ steps: 250, foreign: true, slowPlugin: true }))
})
