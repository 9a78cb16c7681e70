/** Rule: a process killed in the midst of a broadcast leaves nobody out and reaches nobody twice; only who was under way is unknown. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { sleep } from 'koishi'
import { LEASE } from '../../src/broadcast/lease'
import { Server, ServerKind, servers } from '../database'
import { Harness, silent, until } from '../harness'
import { Platform } from '../platform'
import { Dice, withDice } from '../random'
import { loadStore, Store } from './child/store'
import { Bot, clean, killAll } from './process'

const KILLS = Number(process.env.BROADCAST_KILLS) || 20
const USERS = KILLS * 15
/** How many recipients one process writes to at once, at most. */
const WIDTH = 16
const EXPIRY = 300

const config = {
  ...silent,
  push: { tier: 'custom', botSecond: 1000, botMinute: 1_000_000, userMinute: 1000, userDay: 1000 },
  requests: { perSecond: 1000 },
}

interface Place {
  name: string
  available: boolean
  /** How much a life may have of what is counted there. */
  steps: number
  open(): Promise<Store>
  close(): Promise<void>
}

function inFile(): Place {
  let folder: string
  return {
    name: 'sqlite',
    available: true,
    steps: 500,
    async open() {
      folder = await mkdtemp(join(tmpdir(), 'qq-user-broadcast-'))
      return { path: join(folder, 'koishi.db') }
    },
    close: () => rm(folder, { recursive: true }),
  }
}

function onServer(kind: ServerKind): Place {
  let server: Server
  return {
    name: kind,
    available: servers[kind].available,
    steps: 90,
    async open() {
      server = await servers[kind].start()
      server.create('broadcast')
      return { kind, address: server.address('broadcast') }
    },
    close: () => server.stop(),
  }
}

for (const place of [inFile(), onServer('mariadb'), onServer('postgres')]) {
  (place.available ? describe : describe.skip)(`a process that is killed in the midst of a broadcast on ${place.name}`, () => {
    let platform: Platform
    let store: Store
    const { beat, expiry } = LEASE

    before(async () => {
      Object.assign(LEASE, { beat: EXPIRY / 10, expiry: EXPIRY })
      store = await place.open()
      platform = await Platform.start({ limits: { botSecond: Infinity, userMinute: Infinity, userDay: Infinity } })
    })

    after(async () => {
      Object.assign(LEASE, { beat, expiry })
      await clean()
      await platform.stop()
      await place.close()
    })

    afterEach(killAll)

    const open = () => Harness.start({ config, platform, database: app => loadStore(app, store) })

    async function close(harness: Harness) {
      await harness.app.parallel('exit', 'SIGTERM')
      await harness.stop()
    }

    /** The platform is slow, refuses, or says nothing. */
    function disturb(dice: Dice) {
      platform.latency = dice.pick([0, 0, 10, 40])
      const when = () => dice.chance(0.2)
      const takes = [
        platform.fail({ code: 40034006, times: 3, when }),
        platform.fail({ code: 40054006, times: 1, when }),
        platform.fail({ status: 502, accept: dice.chance(0.5), times: 2, when }),
        platform.fail({ close: true, accept: true, times: 1, when }),
      ]
      return () => takes.forEach(take => take())
    }

    it(`${KILLS} times reaches nobody twice and leaves nobody out, and only what was under way is unknown`, () => withDice(async (dice) => {
      let harness = await open()
      const ids = Array.from({ length: USERS }, (_, index) => `U${String(index).padStart(5, '0')}`)
      for (const id of ids) platform.add(id, { timestamp: Date.now() - 1000 })
      await until(async () => (await harness.users).length === USERS)
      // what is started goes on in the lives to come
      harness.adapter!.dispose()
      const { broadcasts } = harness.app.qqUser
      const { id } = await harness.app.database.create('qq_user_broadcast', {
        selfId: platform.selfId,
        title: '',
        content: 'news for {user.id}',
        audience: '{}',
        via: ['proactive', 'reply', 'recall'],
        state: 'running',
        createdAt: new Date(),
        startedAt: new Date(),
        until: new Date(),
        total: USERS,
        owner: 'gone',
        beat: 1,
      })
      expect((await broadcasts.get(id))!.counts.total).to.equal(USERS)
      await close(harness)

      let kills = 0
      let unknown = 0
      while (kills < KILLS) {
        const calm = disturb(dice)
        const bot = await Bot.start(platform, { store, config, expiry: EXPIRY, dieAt: 1 + dice.below(place.steps) })
        for (let posts = -1; !bot.dead && posts !== platform.posts.length;) {
          posts = platform.posts.length
          await Promise.race([bot.exit, sleep(3000)])
        }
        if (!bot.dead) await bot.kill()
        calm()
        kills++
        unknown += WIDTH + 3
      }

      platform.latency = 0
      harness = await open()
      const done = async () => {
        const broadcast = (await harness.app.qqUser.broadcasts.get(id))!
        // what the platform did not answer paused it
        if (broadcast.state === 'paused') await harness.app.qqUser.broadcasts.resume(id).catch(() => {})
        return broadcast.state === 'finished'
      }
      await until(done, 120_000)
      const { counts } = (await harness.app.qqUser.broadcasts.get(id))!
      const rows = await harness.app.database.get('qq_user_broadcast_recipient', { broadcast: id }, { sort: { userId: 'asc' } })
      await close(harness)

      expect(rows.map(({ userId }) => userId)).to.deep.equal(ids)
      expect(counts.pending).to.equal(0)
      expect(counts.sent + counts.failed + counts.unknown + counts.skipped).to.equal(USERS)
      const reached = platform.accepted().map(({ target }) => target)
      expect(reached.filter((target, index) => reached.indexOf(target) !== index), 'twice').to.deep.equal([])
      const got = new Set(reached)
      const of = (state: string) => rows.filter(row => row.state === state).map(({ userId }) => userId)
      expect(of('sent').filter(userId => !got.has(userId)), 'said to have it').to.deep.equal([])
      expect(of('failed').filter(userId => got.has(userId)), 'said not to have it').to.deep.equal([])
      expect(of('pending').concat(of('sending')), 'left out').to.deep.equal([])
      expect(of('unknown').length, 'unknown').to.be.at.most(unknown)
      expect(of('sent').length, 'sent').to.be.at.least(KILLS)
    }))
  })
}
