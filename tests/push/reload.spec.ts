/** Rule: a push that waits through a reload goes out by the bot of now or may be tried again, and its caller can call it off. */
import { pathToFileURL } from 'node:url'
import { expect } from 'chai'
import { h, Time } from 'koishi'
import { HarnessOptions, pass, until } from '../harness'
import { befriend, freeze, harness, platform, refusal, start, useStage } from './stage'

describe('pushes that wait', () => {
  useStage()

  const slow = { push: { tier: 'custom', botSecond: 1, botMinute: 100, userMinute: 20, userDay: 1000 } }

  async function startSlow(options: HarnessOptions = {}) {
    await start({ config: slow, ...options })
    await befriend('A', 'B')
  }

  const push = (userId: string, signal?: AbortSignal) => harness.app.qqUser.push(platform.selfId, userId, 'news', { signal })

  const retry = { reason: 'aborted', code: undefined, retryable: true }

  describe('when the plugin is reloaded', () => {
    it('for their turn may be tried again', async () => {
      await startSlow()
      await push('A')
      const waiting = [push('A'), push('B')].map(refusal)
      await pass()
      harness.plugin!.dispose()
      expect(await Promise.all(waiting)).to.deep.equal([retry, retry])
    })

    it('for another plugin, and for no turn yet, may be tried again', async () => {
      let goOn!: () => void
      let asked = false
      await startSlow({
        prepare: app => app.on('before-send', () => new Promise((resolve) => {
          asked = true
          goOn = () => resolve(undefined)
        })),
      })
      const waiting = refusal(push('A'))
      await until(() => asked)
      harness.plugin!.dispose()
      await pass()
      goOn()
      expect(await waiting).to.deep.equal(retry)
    })

    it('for the next try may be tried again', async () => {
      await startSlow()
      platform.fail({ code: 40054006, times: Infinity })
      const waiting = refusal(push('A'))
      await until(() => platform.posts.length === 1)
      await pass()
      harness.plugin!.dispose()
      expect(await waiting).to.deep.equal(retry)
    })

    it('for the answer get it', async () => {
      await startSlow()
      platform.latency = 100
      const sent = push('A')
      await until(() => platform.posts.length === 1)
      harness.plugin!.dispose()
      expect(await sent).to.deep.equal([platform.posts[0].id])
    })

    it('for a turn among the requests may be tried again', async () => {
      await startSlow({ config: { ...slow, push: { ...slow.push, botSecond: 100 }, requests: { concurrent: 1 } } })
      platform.fail({ hang: true })
      push('A').catch(() => {})
      await until(() => platform.posts.length === 1)
      const waiting = refusal(push('B'))
      await pass()
      harness.plugin!.dispose()
      expect(await waiting).to.deep.equal(retry)
    })

    it('and were called off by the caller are not', async () => {
      await startSlow()
      await push('A')
      const controller = new AbortController()
      const waiting = refusal(push('A', controller.signal))
      await pass()
      controller.abort()
      harness.plugin!.dispose()
      expect(await waiting).to.deep.equal({ ...retry, retryable: false })
    })
  })

  describe('when the adapter is reloaded', () => {
    it('go out through the bot of now', async () => {
      await startSlow()
      await push('A')
      const waiting = push('B')
      await pass()
      const old = harness.bot
      harness.adapter!.dispose()
      harness.connect()
      await until(() => harness.bot && harness.bot !== old)
      old.internal.sendPrivateMessage = () => { throw new Error('the old one') }
      await harness.online()
      await waiting
      expect(platform.accepted('B')).to.have.length(1)
    })

    it('between two tries go out through the bot of now', async () => {
      await startSlow()
      platform.fail({ code: 40054006 })
      const clock = freeze()
      const waiting = push('B')
      await until(() => platform.posts.length === 1)
      await pass()
      harness.adapter!.dispose()
      harness.connect()
      await harness.online()
      await clock.tickAsync(Time.second)
      await waiting
      expect(platform.accepted('B')).to.have.length(1)
    })

    it('upload their files through the bot of now', async () => {
      await startSlow()
      await push('A')
      const file = h.image(pathToFileURL(__filename).href)
      const waiting = harness.app.qqUser.push(platform.selfId, 'B', [h.text('news'), h('message', [file])])
      await pass()
      harness.adapter!.dispose()
      harness.connect()
      await harness.online()
      await waiting
      expect(platform.accepted('B').map(({ body }) => body.msg_type)).to.deep.equal([0, 7])
    })

    it('end as offline when there is none', async () => {
      await startSlow()
      await push('A')
      const waiting = refusal(push('B'))
      await pass()
      harness.adapter!.dispose()
      expect(await waiting).to.deep.equal({ reason: 'offline', code: undefined, retryable: true })
      expect(platform.accepted('B')).to.deep.equal([])
    })
  })

  describe('hear the caller', () => {
    const called = { reason: 'aborted', code: undefined, retryable: false }

    async function abort(send: (signal: AbortSignal) => Promise<unknown>, when: () => unknown = () => true) {
      const controller = new AbortController()
      const waiting = refusal(send(controller.signal))
      await until(when)
      await pass()
      const at = performance.now()
      controller.abort()
      expect(await waiting).to.deep.equal(called)
      expect(performance.now() - at).to.be.below(1000)
    }

    it('while they wait for the limit of requests', async () => {
      await startSlow({ config: { ...slow, push: { ...slow.push, botSecond: 100 }, requests: { concurrent: 1 } } })
      platform.fail({ hang: true })
      push('A').catch(() => {})
      await until(() => platform.posts.length === 1)
      await abort(signal => push('B', signal))
      expect(platform.posts).to.have.length(1)
    })

    it('between two tries', async () => {
      await startSlow()
      platform.fail({ code: 40054006, times: Infinity })
      await abort(signal => push('A', signal), () => platform.posts.length === 1)
    })

    it('who gave many of them one signal', async () => {
      await startSlow()
      platform.fail({ hang: true })
      const controller = new AbortController()
      const waiting = Array.from({ length: 20 }, (_, index) => refusal(push(index % 2 ? 'A' : 'B', controller.signal)))
      await until(() => platform.posts.length)
      controller.abort()
      for (const { reason, retryable } of await Promise.all(waiting)) {
        expect(retryable).to.equal(false)
        expect(reason).to.be.oneOf(['aborted', 'unknown-outcome'])
      }
    })

    it('while the platform finds that there are too many requests', async () => {
      await startSlow()
      platform.requestsPerSecond = 0
      await abort(signal => push('A', signal), () => platform.tooFrequent)
      platform.requestsPerSecond = Infinity
      const clock = freeze()
      await clock.tickAsync(Time.minute)
      await pass()
      expect(platform.posts).to.deep.equal([])
    })

    it('while the database does not answer, and are neither sent nor counted when it does', async () => {
      await startSlow({ config: { ...slow, push: { ...slow.push, userDay: 1 } } })
      const driver = harness.app.database.drivers[0] as any
      const { get } = driver
      let back!: () => void
      const away = new Promise<void>(resolve => back = resolve)
      driver.get = async (sel: { table: string }) => {
        if (sel.table === 'qq_user_push') await away
        return get.call(driver, sel)
      }
      await abort(signal => push('A', signal))
      await abort(signal => push('A', signal))
      back()
      await push('B')
      expect(platform.posts.map(({ target }) => target)).to.deep.equal(['B'])
      await push('A')
    })

    it('while the database is asked about the user', async () => {
      await startSlow()
      const driver = harness.app.database.drivers[0] as any
      const clock = freeze()
      // what is known is too old
      clock.tick(Time.minute)
      driver.get = () => new Promise(() => {})
      await abort(signal => push('A', signal))
      Reflect.deleteProperty(driver, 'get')
    })
  })

  it('are tried a few times when there are too many requests, and may be tried again then', async () => {
    await startSlow()
    platform.requestsPerSecond = 0
    const clock = freeze()
    const waiting = refusal(push('A'))
    for (const [index, delay] of [1, 2, 4].entries()) {
      await until(() => platform.tooFrequent === index + 1)
      await pass()
      await clock.tickAsync(delay * Time.second)
    }
    expect(await waiting).to.deep.equal({ reason: 'bot-rate', code: 40023001, retryable: true })
    expect(platform.tooFrequent).to.equal(4)
  })

  describe('count for a user\'s day', () => {
    const one = { config: { ...slow, push: { ...slow.push, botSecond: 100, userDay: 1 } } }

    for (const [what, fault] of [
      ['a passing fault', { code: 40054006 }],
      ['too many requests', { status: 429 }],
    ] as const) {
      it(`not with ${what}, which is tried again`, async () => {
        await startSlow(one)
        const clock = freeze()
        platform.fail(fault)
        const sent = push('A')
        await until(() => platform.posts.length === 1)
        await pass()
        await clock.tickAsync(2 * Time.second)
        await sent
        expect(await refusal(push('A'))).to.include({ reason: 'user-day' })
      })
    }

    it('not when they were refused', async () => {
      await startSlow(one)
      platform.fail({ code: 40034006 })
      expect(await refusal(push('A'))).to.include({ reason: 'refused' })
      await push('A')
      expect(await refusal(push('A'))).to.include({ reason: 'user-day' })
    })

    it('when they may have arrived', async () => {
      await startSlow(one)
      platform.fail({ status: 500 })
      expect(await refusal(push('A'))).to.include({ reason: 'unknown-outcome' })
      expect(await refusal(push('A'))).to.include({ reason: 'user-day' })
    })

    it('not when they were called off on their way', async () => {
      await startSlow({ config: { ...one.config, requests: { concurrent: 1 } } })
      platform.fail({ delay: 100 })
      const first = push('B')
      await until(() => platform.posts.length === 1)
      const controller = new AbortController()
      const waiting = refusal(push('A', controller.signal))
      await pass()
      controller.abort()
      await waiting
      await first
      await push('A')
    })
  })
})
