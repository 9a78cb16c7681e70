import { Context, Dict, Universal } from 'koishi'
import { HTTP } from '@koishijs/plugin-http'
import QQBot from '@satorijs/adapter-qq'
import * as plugin from '../../../src'
import { LEASE } from '../../../src/broadcast/lease'
import { measure } from './measure'
import { report } from './report'
import { countSteps } from './steps'
import { loadStore, Store } from './store'

export interface Life {
  platform: { selfId: string; appid: string; token: string; secret: string; endpoint: string }
  store: Store
  /** The port that the platform posts events to, instead of the WebSocket. */
  webhook?: number
  /** The plugin's config. */
  config?: Dict
  /** After how long (ms) this process takes over the broadcasts of one that is gone. */
  expiry?: number
  /** At which step to die; never unless told. */
  dieAt?: number
}

const types = ['friend-added', 'friend-deleted', 'friend-push-rejected', 'friend-push-allowed'] as const

// nobody is left to report to
process.on('disconnect', () => process.exit())

process.once('message', (life: Life) => {
  process.on('message', () => report({ memory: measure() }))
  live(life)
})

function live({ platform, store, webhook, config, expiry, dieAt }: Life) {
  if (expiry) Object.assign(LEASE, { beat: expiry / 10, expiry })
  const app = new Context()
  const { step } = countSteps(dieAt)
  app.plugin(HTTP as never)
  loadStore(app, store)
  app.plugin(QQBot as never, {
    id: platform.appid,
    token: platform.token,
    secret: platform.secret,
    type: 'public',
    authType: 'bot',
    endpoint: platform.endpoint,
    intents: 1 << 25 | 1 << 26,
    retryTimes: 1000,
    retryInterval: 20,
    retryLazy: 20,
    ...webhook && { protocol: 'webhook', path: '/qq' },
  } as never)
  if (webhook) app.plugin(require('@koishijs/plugin-server').Server, { host: '127.0.0.1', port: webhook, path: '' })
  app.plugin(plugin as never, config)

  for (const type of types) {
    app.on(type, (session) => {
      report({ announced: (session as unknown as { qq: { id: string } }).qq.id })
      step()
    })
  }

  app.on('bot-status-updated', (bot) => {
    if (bot.platform !== 'qq' || bot.hidden || bot.status !== Universal.Status.ONLINE) return
    app.inject(['qqUser'], () => report({ online: true }))
  })

  app.start()
}
