/** Rule: an operator sees by which way a user can be reached, or why not, since when and until when. */
import { expect } from 'chai'
import { Time } from 'koishi'
import { Site } from '../console/site'
import { Page } from '../console/page'
import { Clock, date } from '../clock'
import { until } from '../harness'

const { hour, day } = Time

/** The middle of a day on the platform's calendar. */
const noon = Date.UTC(2026, 2, 10, 4)
const midnight = noon - 12 * hour

describe('the way to a user', () => {
  const site = new Site()
  let page: Page
  let clock: Clock

  beforeEach(async () => {
    clock = date(noon)
    page = await site.start()
    site.platform.pushBanned = true
  })

  afterEach(async () => {
    clock.uninstall()
    await site.stop()
  })

  const wait = (ms: number) => clock.setSystemTime(Date.now() + ms)
  const push = (via?: 'recall') => site.harness.app.qqUser.push(site.platform.selfId, 'A', 'news', via && { via: [via] }).catch(() => {})

  async function describeWay() {
    const { verdict, span } = (await page.call('qq-user/get', site.platform.selfId, 'A'))!
    return [verdict.ok ? verdict.via : verdict.reason, span.since, span.until]
  }

  async function write() {
    site.platform.message('A')
    await until(async () => (await site.harness.app.qqUser.get(site.platform.selfId, 'A'))?.lastMessageAt)
  }

  it('is none while the platform lets nobody write to somebody who never wrote', async () => {
    site.platform.add('A')
    await until(() => site.harness.sessions.length)
    await push()
    wait(hour / 2)
    expect(await describeWay()).to.deep.equal(['no-permission', noon, noon + hour])
  })

  it('is none until the next recall, or until a proactive message may be tried again', async () => {
    await write()
    wait(2 * hour)
    await push()
    expect(await describeWay()).to.deep.equal(['recall-used', noon + 2 * hour, noon + 3 * hour])
  })

  it('is none since the last period is over', async () => {
    await write()
    wait(2 * day)
    await push('recall')
    wait(29 * day)
    await push()
    expect(await describeWay()).to.deep.equal(['recall-closed', midnight + 30 * day, noon + 31 * day + hour])
  })
})
