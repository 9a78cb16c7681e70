/** Rule: notices are taken on in one write, and one that the database refuses does not keep the others from being taken on. */
import { expect } from 'chai'
import { Claims } from '../../../src/roster/claims'
import { GivenUpError, Task } from '../../../src/roster/queue'

describe('taking notices on', () => {
  /** Those that the database refuses to take on. */
  let refused: Set<string>
  let asked: string[][]
  let write: (task: Task) => Promise<unknown>
  let claims: Claims

  beforeEach(() => {
    refused = new Set()
    asked = []
    write = async task => task()
    const ledger = {
      token: () => 'token',
      async claim(ids: string[]) {
        asked.push([...ids])
        if (ids.some(id => refused.has(id))) throw new Error('refused')
        return new Set(ids)
      },
    }
    claims = new Claims(ledger as never, async (task) => {
      await Promise.resolve()
      await write(task)
    })
  })

  const take = (...ids: string[]) => Promise.all(ids.map(id => claims.take(id).catch(error => error.message)))

  it('is done in one write for all of a moment', async () => {
    expect(await take('A', 'B', 'A')).to.deep.equal([true, true, false])
    expect(asked).to.deep.equal([['A', 'B']])
  })

  it('fails for the one that is refused, and for no other', async () => {
    refused.add('B')
    expect(await take('A', 'B', 'C')).to.deep.equal([true, 'refused', true])
    expect(asked).to.deep.equal([['A', 'B', 'C'], ['A'], ['B'], ['C']])
  })

  it('can be done later for one that was refused', async () => {
    refused.add('A')
    expect(await take('A')).to.deep.equal(['refused'])
    expect(asked).to.have.length(1)
    refused.clear()
    expect(await take('A')).to.deep.equal([true])
  })

  it('is not done again when the line is given up', async () => {
    write = async () => { throw new GivenUpError('the plugin is unloaded') }
    expect(await take('A', 'B')).to.deep.equal([false, false])
    write = async task => task()
    expect(await take('A', 'B')).to.deep.equal([true, true])
  })
})
