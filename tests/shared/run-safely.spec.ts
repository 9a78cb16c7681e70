/** Rule: an error in the background ends up in the log, and takes nothing down, even after the plugin or the app has ended. */
import { expect } from 'chai'
import { Context, ForkScope, Logger } from 'koishi'
import { runSafely } from '../../src/shared/run-safely'

describe('what must not take the bot down', () => {
  let app: Context
  let ctx: Context
  let fork: ForkScope
  let targets: Logger.Target[]
  const log: string[] = []

  beforeEach(async () => {
    targets = Logger.targets.splice(0, Infinity, { record: ({ type, name, content }) => log.push(`${type} ${name} ${content.split('\n')[0]}`) })
    log.length = 0
    app = new Context()
    fork = app.plugin({ name: 'qq-user', apply: (inner: Context) => { ctx = inner } })
    await app.start()
  })

  afterEach(() => {
    Logger.targets.splice(0, Infinity, ...targets)
  })

  async function fail(prepare: () => unknown) {
    let begin!: () => void
    const begun = new Promise<void>(resolve => begin = resolve)
    const done = runSafely(ctx, async () => {
      await begun
      throw new Error('too late')
    })
    await prepare()
    begin()
    await done
    expect(log).to.deep.equal(['warn qq-user Error: too late'])
  }

  it('ends up in the log', async () => {
    await fail(() => {})
    await app.stop()
  })

  it('ends up in the log when the plugin was unloaded meanwhile', async () => {
    await fail(() => fork.dispose())
    await app.stop()
  })

  it('ends up in the log when the app was stopped meanwhile', async () => {
    await fail(() => app.stop())
  })
})
