import { Context, ForkScope, Logger } from 'koishi'
import { GivenUpError, WriteOptions, WriteQueue } from '../../../src/roster/queue'
import { freeze } from '../../clock'

interface Row {
  id: number
}

interface Attempt {
  ids: number[]
  again: boolean
  at: number
}

export const minute = 60_000

/** A database as a queue sees it: it takes rows in batches, some time long, and may refuse. */
class Database {
  readonly attempts: Attempt[] = []
  /** What was committed, in order: rows by id, tasks too. */
  readonly committed: number[] = []
  down = false
  /** How long a commit takes, in ms. */
  delay = 0
  /** Whether the database is down for the next attempts, and how many of their rows are written before. */
  faults: (number | undefined)[] = []
  /** What can never be written. */
  poison = new Set<number>()
  /** How long it takes until that is said, in ms. */
  patience = 0
  /** What is not answered until its lock is given up, and what is waited for where one is. */
  locked = new Set<number>()
  private locks: (() => void)[] = []
  /** What is said of what is poisonous. */
  complaint = (id: number) => `${id} is too long`
  /** How often it was asked whether it takes writes. */
  probes = 0
  private faulty = false

  commit = async (batch: Row[], again: boolean) => {
    this.attempts.push({ ids: batch.map(({ id }) => id), again, at: Date.now() })
    if (this.delay) await new Promise(resolve => setTimeout(resolve, this.delay))
    const written = this.faults.shift()
    const failing = this.faulty = this.down || written !== undefined
    while (batch.some(({ id }) => this.locked.has(id))) await this.wait()
    for (const { id } of failing ? batch.slice(0, written ?? 0) : batch) {
      if (this.poison.has(id)) await this.refuse(id)
      if (!this.committed.includes(id)) this.committed.push(id)
      else if (!again) throw new Error(`${id} is there already, and nobody said so`)
    }
    if (failing) throw new Error('connection refused')
  }

  /** A task that leaves a trace. */
  task = (id: number) => async () => {
    this.attempts.push({ ids: [id], again: false, at: Date.now() })
    if (this.delay) await new Promise(resolve => setTimeout(resolve, this.delay))
    while (this.locked.has(id)) await this.wait()
    this.faulty = this.down || this.faults.shift() !== undefined
    if (this.faulty) throw new Error('connection refused')
    if (this.poison.has(id)) await this.refuse(id)
    this.committed.push(id)
  }

  /** Gives up locks, all of them unless told. */
  unlock(...ids: number[]) {
    if (ids.length) ids.forEach(id => this.locked.delete(id))
    else this.locked.clear()
    for (const look of this.locks.splice(0)) look()
  }

  private wait() {
    return new Promise<void>(resolve => this.locks.push(resolve))
  }

  private async refuse(id: number) {
    if (this.patience) await new Promise(resolve => setTimeout(resolve, this.patience))
    throw new Error(this.complaint(id))
  }

  probe = async () => {
    this.probes++
    if (this.down || this.faulty) throw new Error('connection refused')
  }

  identify = ({ id }: Row) => `#${id}`

  get batches() {
    return this.attempts.map(({ ids }) => ids)
  }
}

export const log: string[] = []
export let clock: ReturnType<typeof freeze>
export let fork: ForkScope
export let database: Database
export let queue: WriteQueue<Row>

/** How each push came out. */
export let outcomes: Map<number, 'written' | 'given up' | Error>

let ctx: Context

/** Each test has a line of its own, and time in its hands. */
export function useLine() {
  const app = new Context()
  let targets: Logger.Target[]

  before(() => app.start())

  after(() => app.stop())

  beforeEach(() => {
    targets = Logger.targets.splice(0)
    log.length = 0
    Logger.targets.push({ record: ({ type, content }) => log.push(`${type} ${content}`) })
    clock = freeze(Date.UTC(2026, 0, 1), 'setImmediate')
    fork = app.plugin({ name: 'line', apply: (inner: Context) => { ctx = inner } })
    open()
  })

  afterEach(() => {
    fork.dispose()
    clock.uninstall()
    Logger.targets.splice(0, Infinity, ...targets)
  })
}

export function open(limit = 1000) {
  database = new Database()
  queue = new WriteQueue(ctx, database, limit)
  outcomes = new Map()
}

export function push(...ids: number[]) {
  for (const id of ids) follow(id, queue.push({ id }))
}

export function pushTask(id: number) {
  follow(id, queue.push(database.task(id)))
}

export function pushWith(options: WriteOptions, ...ids: number[]) {
  for (const id of ids) follow(id, queue.push({ id }, options))
}

export function pushUrgently(id: number) {
  follow(id, queue.push(database.task(id), { priority: 'urgent' }))
}

export function follow(id: number, done: Promise<void>) {
  done.then(() => outcomes.set(id, 'written'), (error) => {
    outcomes.set(id, error instanceof GivenUpError ? 'given up' : error)
  })
}

export async function isPending(promise: Promise<unknown>) {
  let pending = true
  const end = () => { pending = false }
  promise.then(end, end)
  await clock.tickAsync(0)
  return pending
}

export const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index)

export async function written(id: number) {
  const done = queue.push({ id })
  follow(id, done)
  await done
}
