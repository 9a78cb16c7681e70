import { Time } from 'koishi'
import { Audience, Broadcast, BroadcastError, Broadcasts } from '../../src'
import { Platform } from '../platform'
import { Dice } from '../random'
import { Model, User } from './model'

/** A broadcast as an operator made it, and what is seen of it from outside. */
export interface Issue {
  id?: number
  /** What each of its messages begins with; the id of the recipient follows. */
  words: string[]
  audience: Audience
  repeats?: Issue
  startAt?: number
  started: boolean
  /** Whether nobody was in its audience when it was last to start. */
  empty?: boolean
  /** Who certainly was in the audience when it started, and who may have been, as users do not wait for that. */
  must: Set<string>
  may: Set<string>
  /** Whether the audience is fixed. */
  fixed: boolean
  /** How many attempts to start it are under way. */
  attempts: number
  /** How often it was told to go on. */
  orders: number
  /** Whether an operator stopped it, and nobody has told it to go on since. */
  held: boolean
  /** Why users could not be written to at some time since it was made, as `userId reason`. */
  excuses: Set<string>
}

/** What a newsroom knows of its world. */
export interface Surroundings {
  dice: Dice
  model: Model
  platform: Platform
  users: string[]
  mistakes: string[]
  /** Nothing while the plugin is being reloaded. */
  service(): Broadcasts | undefined
  /** Whether the audience is on record. */
  isFixed(id: number): Promise<boolean>
  follow(promise: Promise<unknown>): void
  write(kind: string): { contents: string[] }
}

const expected = ['wrong-state', 'empty-audience', 'nobody-left', 'unknown-user', 'past', 'unknown-bot']

/** Operators who make broadcasts, start, pause, resume and cancel them, at any time and more than once. */
export class Newsroom {
  readonly issues: Issue[] = []

  constructor(private world: Surroundings) {}

  get steps(): [number, () => unknown][] {
    return [
      [5, () => this.create()],
      [6, () => this.start()],
      [1, () => { for (let count = 2; count > 0; count--) this.start(this.issues.at(-1)) }],
      [3, () => this.stop('pause')],
      [4, () => this.resume()],
      [1, () => this.stop('cancel')],
      [1, () => this.repeat()],
      [3, () => this.look()],
    ]
  }

  private issue(values: Partial<Issue>): Issue {
    const issue: Issue = {
      words: [],
      audience: {},
      started: false,
      must: new Set(),
      may: new Set(),
      fixed: false,
      attempts: 0,
      orders: 0,
      held: false,
      excuses: new Set(),
      ...values,
    }
    this.issues.push(issue)
    this.open(issue)
    this.excuse(issue)
    return issue
  }

  private create() {
    const { dice, platform } = this.world
    const words = this.world.write('news').contents
    const startAt = dice.chance(0.2) ? Date.now() + dice.below(20 * Time.second) : undefined
    const issue = this.issue({ words, audience: this.audience(), startAt })
    const content = words.map(word => words.length > 1 ? `<message>${word} {user.id}</message>` : `${word} {user.id}`).join('')
    const via = dice.pick([undefined, undefined, ['proactive'], ['proactive', 'reply']] as const)
    this.act(async (service) => {
      const { selfId } = platform
      const { id } = await service.create({ selfId, content, audience: issue.audience, startAt: startAt ? new Date(startAt) : undefined, via })
      issue.id = id
      if (dice.chance(0.5)) this.start(issue)
    })
  }

  private audience(): Audience {
    const { dice, users, model } = this.world
    return {
      ...dice.chance(0.2) && { relation: dice.pick(['friend', 'unknown', 'deleted'] as const) },
      ...dice.chance(0.2) && { consent: dice.pick(['allowed', 'allowed', 'rejected', 'unknown'] as const) },
      ...dice.chance(0.1) && { search: 'U1' },
      ...dice.chance(0.2) && { userIds: users.filter(userId => model.users.has(userId) && dice.chance(0.6)).concat(users[0]) },
    }
  }

  private pick() {
    const made = this.issues.filter(({ id }) => id !== undefined)
    return made.length ? this.world.dice.pick(made.slice(-8)) : undefined
  }

  private start(issue = this.pick()) {
    if (issue?.id !== undefined) this.go(issue, service => service.start(issue.id!))
  }

  private resume(issue = this.pick()) {
    if (issue?.id !== undefined) this.go(issue, service => service.resume(issue.id!))
  }

  private go(issue: Issue, action: (service: Broadcasts) => Promise<Broadcast>) {
    if (!issue.started && !issue.attempts && !issue.startAt) this.open(issue)
    issue.orders++
    issue.held = false
    issue.attempts++
    this.act(async (service) => {
      try {
        const { startedAt } = await action(service)
        issue.started ||= !!startedAt
      } catch (error) {
        issue.empty = (error as BroadcastError).reason === 'empty-audience'
        throw error
      }
    }, () => { issue.attempts-- })
  }

  private stop(action: 'pause' | 'cancel', issue = this.pick()) {
    if (issue?.id === undefined) return
    const { orders } = issue
    this.act(async (service) => {
      await service[action](issue.id!)
      if (issue.orders === orders) issue.held = true
    })
  }

  private repeat(original = this.pick()) {
    if (original?.id === undefined) return
    this.act(async (service) => {
      const { id } = await service.repeat(original.id!)
      const issue = this.issue({ id, words: original.words, repeats: original })
      this.start(issue)
    })
  }

  /** What is shown adds up at any time. */
  private look(issue = this.pick()) {
    if (issue?.id === undefined) return
    this.act(async (service) => {
      const { state, counts: { total, ...counts } } = (await service.get(issue.id!))!
      const sum = Object.values(counts).reduce((sum, count) => sum + count, 0)
      if (sum === total && Object.values(counts).every(count => count >= 0)) return
      this.world.mistakes.push(`${issue.words}, ${state}: ${JSON.stringify(counts)} of ${total}`)
    })
  }

  private act(action: (service: Broadcasts) => Promise<unknown>, done = () => {}) {
    const service = this.world.service()
    if (!service) return done()
    this.world.follow(action(service).catch((error) => {
      if (!(error instanceof BroadcastError) || !expected.includes(error.reason)) throw error
    }).finally(done))
  }

  // what is seen

  /** Takes notice of a request. */
  request(userId: string, content: string) {
    const issue = this.issues.find(({ words }) => content === `${words[0]} ${userId}`)
    // of a repetition nobody can tell which of the two it is
    if (issue?.held && !this.issues.some(({ repeats }) => repeats === issue)) this.world.mistakes.push(`${content} although it was stopped`)
  }

  changed({ id, startedAt }: Broadcast) {
    const issue = this.issues.find(issue => issue.id === id)
    if (issue && startedAt) issue.started = true
  }

  /** Takes notice of what users did, or the bot was told of. */
  observe() {
    for (const issue of this.issues) {
      this.excuse(issue)
      if (issue.fixed) continue
      if (issue.startAt && Date.now() < issue.startAt && !issue.started && !issue.attempts) this.open(issue)
      else this.narrow(issue)
    }
  }

  /** Looks which audiences are fixed by now. */
  async poll() {
    for (const issue of this.issues) {
      if (issue.id !== undefined && !issue.fixed) issue.fixed = await this.world.isFixed(issue.id)
    }
  }

  private open(issue: Issue) {
    issue.may.clear()
    issue.must = new Set(this.world.users)
    this.narrow(issue)
  }

  private narrow(issue: Issue) {
    for (const userId of this.world.users) {
      const matches = this.views(userId).map(view => matchAudience(issue.audience, userId, view))
      if (matches.includes(true)) issue.may.add(userId)
      if (matches.includes(false) || !matches.length) issue.must.delete(userId)
    }
  }

  private excuse({ excuses }: Issue) {
    for (const userId of this.world.users) {
      for (const { relation, consent } of this.views(userId)) {
        if (consent === 'rejected') excuses.add(`${userId} rejected`)
        if (relation === 'deleted') excuses.add(`${userId} deleted`)
      }
    }
  }

  /** What the bot may know: what it was told, and what a refusal may have told it before. */
  private views(userId: string): Pick<User, 'relation' | 'consent'>[] {
    const told = this.world.model.users.get(userId)
    if (!told) return []
    const { friend, push } = this.world.platform.users.get(userId)!
    const relations = [told.relation, ...friend ? [] : ['deleted' as const]]
    const consents = [told.consent, ...push ? [] : ['rejected' as const]]
    return relations.flatMap(relation => consents.map(consent => ({ relation, consent })))
  }

  /** Lets everything that was started come to its end. @returns what has not yet */
  async finish(): Promise<string[]> {
    const service = this.world.service()
    if (!service) return ['no service']
    const open: string[] = []
    for (const issue of this.issues) {
      if (issue.id === undefined) continue
      const { state, reason, counts } = (await service.get(issue.id))!
      const waits = state === 'paused' && ['', 'refused', 'empty-audience'].includes(reason)
      // there may be nobody to begin with
      const isEmpty = waits && issue.empty
      if (waits && !isEmpty) this.resume(issue)
      const isOpen = ['running', 'scheduled', 'paused'].includes(state) && !isEmpty
      if (isOpen) open.push(`${issue.words}, ${state} ${reason} ${JSON.stringify(counts)}`)
      else if ((await service.recipients(issue.id, { state: 'sending' })).length) open.push(`${issue.words}, under way`)
    }
    return open
  }
}

function matchAudience({ relation = 'friend', consent, search = '', userIds }: Audience, userId: string, user: Pick<User, 'relation' | 'consent'>) {
  return user.relation === relation && (!consent || user.consent === consent) && userId.startsWith(search) && (!userIds || userIds.includes(userId))
}
