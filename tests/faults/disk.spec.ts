/** Rule: a disk that is full under SQLite costs no event and no row: all is written once there is room again. */
import { expect } from 'chai'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, statfsSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SQLiteDriver } from '@minatojs/driver-sqlite'
import { Harness, until } from '../harness'
import { withDice } from '../random'
import { readTables } from './file'
import { Story } from './story'

/** A file system of one megabyte, where this is permitted. */
function mount() {
  const folder = mkdtempSync(join(tmpdir(), 'qq-user-disk-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder], { stdio: 'ignore' })
    return folder
  } catch {
    rmSync(folder, { recursive: true })
  }
}

describe('a disk that is full under an SQLite database', () => {
  let folder: string | undefined
  let harness: Harness | undefined

  before(function () {
    folder = mount()
    if (!folder) {
      this.test!.title += ' (mounting is not permitted)'
      this.skip()
    }
  })

  afterEach(() => harness?.stop())

  after(() => {
    if (!folder) return
    execFileSync('umount', [folder])
    rmSync(folder, { recursive: true })
  })

  it('costs no event and no row, and all is written once there is room again', () => withDice(async (dice) => {
    const path = join(folder!, 'koishi.db')
    const filler = join(folder!, 'filler')
    harness = await Harness.start({
      limits: { botSecond: Infinity, userMinute: Infinity, userDay: Infinity },
      database: app => app.plugin(SQLiteDriver as never, { path }),
    })
    const { platform, log } = harness
    const story = new Story(platform, dice, 40)
    const times = (text: string) => log.filter(line => line.includes(text)).length
    for (let round = 1; round <= 3; round++) {
      story.tell(20)
      await harness.settled(story.told.size)
      const { bavail, bsize } = statfsSync(folder!)
      // some room is left, so that it gives out in the midst of writing
      writeFileSync(filler, Buffer.alloc(Math.max(0, bavail - dice.below(6)) * bsize))
      while (times('does not take writes') < round) {
        const before = story.told.size
        story.tell(20)
        await until(() => times('does not take writes') >= round || harness!.sessions.length >= before)
      }
      story.tell(20)
      truncateSync(filler)
      await until(() => times('takes writes again') >= round, 10_000)
    }
    await until(() => harness!.sessions.length >= story.told.size, 10_000)
    await harness.settled(story.told.size)
    const tables = await readTables(path)
    expect(tables.integrity).to.equal('ok')
    const announced = harness.sessions.map(({ qq }: any) => qq.id as string)
    story.checkRows(tables, announced)
    story.checkEnd(tables)
  }))
}).timeout(60_000)
