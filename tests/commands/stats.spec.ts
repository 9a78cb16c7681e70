/** Rule: qq-user.stats tells how many users there are, what happened lately, and where users came from. */
import { expect } from 'chai'
import { until } from '../harness'
import { ask, consent, harness, leave, message, platform, start } from './operator'

describe('qq-user.stats', () => {
  afterEach(() => harness.stop())

  it('counts users, what happened lately, and where they came from', async () => {
    await start()
    platform.add('A', { scene: 2003 })
    platform.add('B', { scene: 2003 })
    platform.add('C', { scene: 4711 })
    await until(async () => (await harness.users).length === 3)
    await consent('A', 'rejected')
    await leave('C')
    expect((await ask('qq-user.stats')).split('\n')).to.deep.equal([
      // the operator is a friend as well
      message('stats.totals', { friends: 3, reachable: 2, rejected: 1, deleted: 1, unknown: 3 }),
      message('stats.today', { added: 4, deleted: 1, rejected: 1, allowed: 0 }),
      message('stats.week', { added: 4, deleted: 1, rejected: 1, allowed: 0 }),
      message('stats.scenes'),
      'link (in QQ)  2',
      ...(await ask('qq-user.stats')).split('\n').slice(5),
    ])
    expect((await ask('qq-user.stats')).split('\n').slice(5)).to.have.members(['4711  1', 'source unknown  1'])
  })
})
