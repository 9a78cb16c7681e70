/** Rule: processes that share a database server, and one whose server is killed under load, lose nothing and tell nobody twice. */
import { expect } from 'chai'
import { Server, ServerKind, servers } from '../database'
import { freePort } from '../ports'
import { until } from '../harness'
import { Platform } from '../platform'
import { Dice, withDice } from '../random'
import { balance } from './balancer'
import { Bot, clean, killAll } from './process'
import { Rows } from './rows'
import { Story } from './story'

for (const kind of Object.keys(servers) as ServerKind[]) {
  (servers[kind].available ? describe : describe.skip)(`a database server (${kind})`, function () {
    this.timeout(180_000)

    let server: Server
    let platform: Platform
    let rows: Rows
    let count = 0

    before(async () => {
      server = await servers[kind].start()
    })

    after(async () => {
      await clean()
      await server.stop()
    })

    async function begin() {
      platform = await Platform.start({ limits: { botSecond: Infinity, userMinute: Infinity, userDay: Infinity } })
      const name = `faults_${++count}`
      server.create(name)
      const store = { kind, address: server.address(name) }
      rows = await Rows.open(store)
      return store
    }

    afterEach(async () => {
      await killAll()
      await rows.close()
      await platform.stop()
    })

    /** Waits for everything to be on record and told, and for all that has to be true then. */
    async function end(story: Story, bots: Bot[]) {
      const size = story.told.size
      await until(async () => {
        const { ledger } = await rows.read()
        return ledger.length === size && ledger.every(({ notice, noticeReason }) => notice !== 'pending' && noticeReason !== 'unknown-outcome')
      }, 60_000)
      const tables = await rows.read()
      const announced = bots.flatMap(bot => bot.announced)
      story.checkRows(tables, announced)
      story.checkEnd(tables)
      expect(announced.sort()).to.deep.equal([...story.told.keys()].sort())
    }

    it('that two processes behind a balancer share ends in the right state, and everybody is told once', () => withDice(async (dice) => {
      const store = await begin()
      const ports = [await freePort(), await freePort()]
      const bots = await Promise.all(ports.map(webhook => Bot.start(platform, { store, webhook })))
      for (const bot of bots) await bot.online()
      const balancer = await balance(() => dice.pick(ports))
      const story = new Story(platform, dice, 30)
      story.tell(300)
      platform.webhook = { url: `http://127.0.0.1:${balancer.port}/qq` }
      // everything in any order, a third of it twice, a few at a time
      const envelopes = [...story.told.values()].map(({ envelope }) => envelope)
      const line = shuffleNearby(dice, envelopes.flatMap(envelope => dice.chance(1 / 3) ? [envelope, envelope] : [envelope]))
      while (line.length) {
        const responses = await Promise.all(line.splice(0, 1 + dice.below(30)).map(envelope => platform.deliver(envelope)))
        expect(responses.every(({ ok }) => ok)).to.equal(true)
      }
      await end(story, bots)
      balancer.close()
    }))

    it('that is killed and started again under load loses nothing, and nobody is told twice', () => withDice(async (dice) => {
      const store = await begin()
      const bot = await Bot.start(platform, { store })
      await bot.online()
      const story = new Story(platform, dice)
      for (let death = 0; death < 5; death++) {
        const target = bot.announced.length + 20 + dice.below(40)
        while (bot.announced.length < target) {
          const before = bot.announced.length
          story.tell(1 + dice.below(10))
          await bot.until(({ announced }) => announced.length > before)
        }
        story.tell(dice.below(20))
        await server.kill()
        story.tell(20 + dice.below(50))
        await server.resume()
      }
      await end(story, [bot])
    }))
  })
}

/** What comes before and after one another changes places; what lies far apart does not. */
function shuffleNearby<T>(dice: Dice, list: T[]) {
  return list.map((value, index) => ({ value, order: index + dice.below(40) })).sort((a, b) => a.order - b.order).map(({ value }) => value)
}
