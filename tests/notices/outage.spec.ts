import { expect } from 'chai'
import { Time } from 'koishi'
import { Clock, freeze } from '../clock'
import { watch } from '../database/outage'
import { Harness, HarnessOptions, pass, until } from '../harness'
import { Platform } from '../platform'

describe('notices, when the database goes away before they leave', () => {
  let harness: Harness
  let platform: Platform
  let clock: Clock | undefined

  async function start(options: HarnessOptions = {}) {
    harness = await Harness.start(options)
    platform = harness.platform
  }

  afterEach(async () => {
    clock?.uninstall()
    clock = undefined
    await harness.stop()
  })

  it('go out once when it is back', async () => {
    await start()
    const outage = watch(harness.app)
    clock = freeze()
    harness.app.on('friend-added', () => { outage.down = true })
    platform.add('A')
    await until(() => harness.sessions.length)
    await pass()
    expect(platform.posts).to.deep.equal([])
    outage.down = false
    for (let passed = 0; passed < 2 * Time.minute && !platform.posts.length; passed += Time.second) {
      await clock.tickAsync(Time.second)
      await pass(1)
    }
    const [entry] = await harness.settled(1)
    expect(entry).to.include({ notice: 'sent' })
    expect(platform.posts).to.have.length(1)
  })
})
