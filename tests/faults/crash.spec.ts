/** Rule: a process that dies around a greeting never greets twice, and greets once it is back if sending had not begun. */
import { expect } from 'chai'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pick } from 'koishi'
import { Server, ServerKind, servers } from '../database'
import { loadStore, Store } from './child/store'
import { Harness, until } from '../harness'
import { Platform } from '../platform'

type Point = 'committed' | 'claimed' | 'never'

const kinds = ['sqlite', 'postgres'] as const
let count = 0

for (const kind of kinds) {
  (kind === 'sqlite' || servers[kind].available ? describe : describe.skip)(`a process on ${kind} that is killed`, () => {
    let platform: Platform
    let folder: string
    let server: Server | undefined
    let store: Store

    before(async () => {
      if (kind !== 'sqlite') server = await servers[kind].share()
    })

    beforeEach(async () => {
      platform = await Platform.start()
      folder = await mkdtemp(join(tmpdir(), 'qq-user-crash-'))
      store = kind === 'sqlite' ? { path: join(folder, 'koishi.db') } : create(kind, `crash_${++count}`)
    })

    function create(kind: ServerKind, database: string): Store {
      server!.create(database)
      return { kind, address: server!.address(database) }
    }

    afterEach(async () => {
      await platform.stop()
      await rm(folder, { recursive: true })
    })

    function run(point: Point) {
      const address = pick(platform, ['appid', 'token', 'secret', 'selfId', 'endpoint'])
      const child = fork(join(__dirname, 'child/crash.ts'), [point, JSON.stringify(store), JSON.stringify(address)], {
        execArgv: ['-r', 'esbuild-register', '-r', 'yml-register'],
        stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
      })
      return {
        online: once(child.stdout!, 'data'),
        exit: once(child, 'exit'),
        kill: () => child.kill('SIGKILL'),
      }
    }

    async function ledger() {
      const harness = await Harness.start({
        platform,
        order: [],
        database: app => loadStore(app, store),
      })
      harness.load({ icebreaker: { enabled: false } })
      await until(() => harness.app.get('qqUser'))
      const rows = await harness.ledger
      await harness.stop()
      return rows
    }

    /** Comes back, greets others one after the other, and so had the time to do whatever it would do about the first. */
    async function comeBack() {
      const child = run('never')
      await child.online
      await platform.connected()
      for (const openid of ['B', 'C', 'D']) {
        platform.add(openid)
        await platform.posted(({ target }) => target === openid)
      }
      child.kill()
      await child.exit
    }

    async function play(point: Point, killed: (child: ReturnType<typeof run>) => unknown = () => {}) {
      const child = run(point)
      await child.online
      platform.add('A')
      await killed(child)
      await child.exit
      platform.latency = 0
      await comeBack()
      const [entry] = (await ledger()).filter(({ userId }) => userId === 'A')
      return { entry, greetings: platform.posts.filter(({ target }) => target === 'A') }
    }

    it('between commit and send greets once it is back', async () => {
      const { entry, greetings } = await play('committed')
      expect(greetings.map(({ route, status }) => [route, status])).to.deep.equal([['event', 200]])
      expect(entry).to.include({ notice: 'sent' })
    })

    it('right before sending greets no more, as nobody knows whether it had', async () => {
      const { entry, greetings } = await play('claimed')
      expect(greetings).to.deep.equal([])
      expect(entry).to.include({ notice: 'failed', noticeReason: 'unknown-outcome' })
    })

    it('between send and its record does not greet again', async () => {
      platform.latency = 500
      const { entry, greetings } = await play('never', async (child) => {
        await until(() => platform.posts.length)
        child.kill()
      })
      expect(greetings).to.have.length(1)
      expect(entry).to.include({ notice: 'failed', noticeReason: 'unknown-outcome' })
    })
  })
}
