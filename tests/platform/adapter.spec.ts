/** Rule: the stand-in platform works with the real adapter: a bot comes online, hears a message, and answers it. */
import { QQBot } from '@satorijs/adapter-qq'
import { HTTP } from '@koishijs/plugin-http'
import { expect } from 'chai'
import { Context, Dict, Plugin, Universal } from 'koishi'
import { now, pass, platform, usePlatform } from './setup'

describe('the stand-in platform', () => {
  usePlatform()

  describe('with the real adapter', () => {
    it('comes online, hears a message, and is answered', async () => {
      const app = new Context()
      app.plugin(HTTP as never)
      const adapter = app.plugin(QQBot as never as Plugin.Constructor<Context, Dict>, {
        id: platform.appid,
        token: platform.token,
        secret: platform.secret,
        type: 'public',
        authType: 'bot',
        endpoint: platform.endpoint,
        intents: 1 << 25 | 1 << 26,
        protocol: 'websocket',
        retryWhen: [],
        manualAcknowledge: false,
        sandbox: false,
        retryTimes: 6,
        retryInterval: 5,
        retryLazy: 5,
      })
      pass(Date.now() - now)
      const sent = new Promise((resolve) => {
        app.on('message', session => resolve(session.send(`${session.content}, too`)))
      })
      await app.start()
      await platform.connected()
      const bot = () => app.bots[`qq:${platform.selfId}`]
      while (bot()?.status !== Universal.Status.ONLINE) await new Promise<void>(resolve => setImmediate(resolve))
      const { d } = platform.message('u', 'hello')
      const post = await platform.posted()
      expect(post).to.deep.include({ kind: 'user', target: 'u', route: 'msg', status: 200, reached: true })
      expect(await sent).to.deep.equal([post.id])
      expect(post.body).to.deep.include({ content: 'hello, too', msg_id: d.id, msg_seq: 1 })
      expect(platform.unknownRequests).to.have.length(0)
      adapter.dispose()
      await app.stop()
    })
  })
})
