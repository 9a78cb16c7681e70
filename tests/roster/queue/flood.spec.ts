/** Rule: a flood of strangers who write does not delay what a user did: it is written and announced first. */
import { expect } from 'chai'
import { $ } from 'koishi'
import { Harness, silent, until } from '../../harness'

describe('a flood of strangers who write once', () => {
  const STRANGERS = 10_000
  let harness: Harness

  afterEach(() => harness.stop())

  it('does not delay the rejection of a user: it is written and announced before them', async () => {
    harness = await Harness.start({ config: silent })
    const { app, platform } = harness
    const driver = app.database.drivers[0] as any
    const { _run } = driver
    let open = false
    // nothing is written before all have arrived
    driver._run = (sql: string, ...args: unknown[]) => {
      if (!open && sql.startsWith('SAVEPOINT')) throw new Error('disk I/O error')
      return _run.call(driver, sql, ...args)
    }
    const received = new Promise<void>(resolve => app.on('qq/c2c-msg-reject' as never, resolve as never))
    const announced = new Promise<number>((resolve, reject) => {
      app.on('friend-push-rejected', () => {
        app.database.eval('qq_user', row => $.length(row.userId)).then(resolve as never, reject)
      })
    })
    const roster = app.qqUser['roster']
    const { selfId } = platform
    // past Koishi's commands, which would take most of the time
    const write = (userId: string) => {
      const at = Date.now()
      roster.accept({ id: userId, type: 'friend-added', source: 'message', selfId, userId, occurredAt: at, receivedAt: at })
    }
    for (let index = 0; index < STRANGERS / 2; index++) write(`A${index}`)
    platform.reject('U')
    await received
    for (let index = 0; index < STRANGERS / 2; index++) write(`B${index}`)
    await until(() => roster.writing.waiting > STRANGERS)
    open = true
    expect(await announced).to.be.below(200)
    const [entry] = await harness.app.qqUser.history(platform.selfId, 'U')
    expect(entry.type).to.equal('friend-push-rejected')
    expect(await app.qqUser.count()).to.equal(STRANGERS + 1)
  })
})
