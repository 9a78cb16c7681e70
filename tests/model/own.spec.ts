/** Rule: whatever happens at the same time, the plugin knows what users chose, its pushes reach nobody who had said no, and limits hold. */
import { explore } from './explore'

describe('whatever users and plugins do at the same time', () => {
  it('the plugin keeps to what it was told', () => explore({ steps: 250 }))

  it('also with its own messages when the guard is off', () => explore({ steps: 250, guard: false, slowDatabase: true }))

  it('and to the limits, with messages in parts', () => explore({ steps: 250, parts: true }))
})
