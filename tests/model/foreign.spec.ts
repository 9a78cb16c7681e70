/** Rule: whatever users do meanwhile, what other plugins send, in parts, too, reaches nobody who had said no. */
import { explore } from './explore'

describe('whatever users and plugins do at the same time', () => {
  it('the plugin keeps to what it was told, beside other plugins that write to users', () => explore({ steps: 250, foreign: true }))

  it('and from one part of a message to the next', () => explore({ steps: 250, foreign: true, parts: true }))
})
