/** Rule: a process that is killed while events flow leaves nothing in pieces, announces nothing that is missing, and tells nobody twice. */
import { copyFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { until } from '../harness'
import { Platform } from '../platform'
import { withDice } from '../random'
import { readTables } from './file'
import { Bot, clean, killAll } from './process'
import { Story } from './story'

const LIVES = Number(process.env.LIVES) || 100
/** How many a life may have. It takes a few to start, and about ten for each event. */
const STEPS = 150

describe('a process that is killed while events flow', () => {
  let platform: Platform
  let folder: string

  beforeEach(async () => {
    platform = await Platform.start({ limits: { botSecond: Infinity, userMinute: Infinity, userDay: Infinity } })
    folder = await mkdtemp(join(tmpdir(), 'qq-user-kill-'))
  })

  afterEach(async () => {
    await killAll()
    await platform.stop()
    await rm(folder, { recursive: true })
  })

  after(clean)

  /** What a process that came now would find. */
  async function inspect() {
    const path = join(folder, 'copy.db')
    for (const suffix of ['', '-journal']) {
      await rm(path + suffix, { force: true })
      await copyFile(join(folder, 'koishi.db' + suffix), path + suffix).catch((error) => {
        if (error.code !== 'ENOENT') throw error
      })
    }
    const tables = await readTables(path)
    expect(tables.integrity).to.equal('ok')
    return tables
  }

  it(`${LIVES} times leaves nothing in pieces, has announced nothing that is missing, and tells nobody twice`, () => withDice(async (dice) => {
    const story = new Story(platform, dice)
    const announced: string[] = []
    const start = (dieAt?: number) => Bot.start(platform, { store: { path: join(folder, 'koishi.db') }, dieAt })

    for (let life = 0; life < LIVES; life++) {
      const bot = await start(1 + dice.below(STEPS))
      while (await bot.online() && !bot.dead) {
        const before = bot.announced.length
        const known = story.told.size
        story.tell(1 + dice.below(4))
        // a repetition alone announces nothing
        if (dice.chance(0.5) && story.told.size > known) await bot.until(({ announced }) => announced.length > before)
      }
      announced.push(...bot.announced)
      story.checkRows(await inspect(), announced)
    }

    const { ledger: recorded } = await inspect()
    const bot = await start()
    await bot.online()
    // the platform sends again what was not taken
    story.repeat(recorded)
    await until(async () => {
      // a copy that is made while somebody writes may be torn
      const ledger = await inspect().then(tables => tables.ledger, () => [])
      return ledger.length === story.told.size && ledger.every(({ notice }) => notice !== 'pending')
    }, 30_000)
    await bot.kill()
    announced.push(...bot.announced)
    const tables = await inspect()
    story.checkRows(tables, announced)
    story.checkEnd(tables)
  }))
}).timeout(1200_000)
