import { clone, Context } from 'koishi'
import { readId } from '../event'
import { Delivery } from '../delivery'
import { Roster } from '../roster'
import { GivenUpError } from '../roster/queue'
import { LinkCounts } from './counts'
import { LinkError } from './error'
import { LinkMaker } from './maker'
import { extendLinkModel, isSceneParam, LinkNumbers, QQUserLink, toTitle } from './model'

export interface LinkOptions {
  /** The operator's own words for it: anything, 200 characters at most. */
  title?: string
}

/** A link, and who came by it. */
export interface LinkRow extends QQUserLink, LinkNumbers {}

/** A parameter that users came by, though no link with it was made here. */
export interface ForeignLink extends LinkNumbers {
  selfId: string
  sceneParam: string
}

/** Links that invite users to add a bot, and tell where they came from. */
export class Links {
  private counts: LinkCounts
  private maker: LinkMaker
  private pending = new Map<string, Promise<QQUserLink>>()

  constructor(private ctx: Context, private roster: Roster, delivery: Delivery) {
    extendLinkModel(ctx)
    this.counts = new LinkCounts(ctx, roster)
    this.maker = new LinkMaker(delivery)
  }

  /**
   * The link with this parameter: the one that there is, else a new one, for which it may be a while until the platform
   * makes more.
   *
   * @param sceneParam 1 to 32 letters, digits and hyphens: what users bring along who come by the link
   * @throws LinkError telling why there is none
   */
  async create(selfId: string, sceneParam: string, { title }: LinkOptions = {}): Promise<QQUserLink> {
    if (!isSceneParam(sceneParam)) throw new LinkError('bad-param', undefined, '1 to 32 letters, digits and hyphens are allowed')
    if (!readId(selfId)) throw new LinkError('unknown-bot')
    const key = `${selfId} ${sceneParam}`
    let link = this.pending.get(key)
    if (!link) {
      link = this.obtain(selfId, sceneParam, toTitle(title)).finally(() => this.pending.delete(key))
      this.pending.set(key, link)
    }
    return clone(await link)
  }

  /** The links of a bot, the newest first, each with the number of users who came by it. */
  async list(selfId: string): Promise<LinkRow[]> {
    return (await this.survey(selfId)).links
  }

  /** Forgets a link, which the platform does not: users may still come by it. */
  async remove(selfId: string, sceneParam: string): Promise<void> {
    if (!await this.find(selfId, sceneParam).catch(ignoreCase)) return
    await this.write(async () => {
      if (await this.find(selfId, sceneParam)) await this.ctx.database.remove('qq_user_link', { selfId, sceneParam })
    })
  }

  /** @internal The links of a bot, and the parameters of others that most users came by. */
  async survey(selfId: string): Promise<{ links: LinkRow[]; others: ForeignLink[] }> {
    if (!readId(selfId)) return { links: [], others: [] }
    const rows = await this.ctx.database.get('qq_user_link', { selfId })
    const made = new Set(rows.map(({ sceneParam }) => sceneParam))
    const numbers = await this.counts.get(selfId, [...made])
    const others = [...numbers].filter(([sceneParam, { users }]) => users > 0 && !made.has(sceneParam))
    return {
      links: rows.map(row => ({ ...row, ...numbers.get(row.sceneParam)! })).sort(byAge),
      others: others.map(([sceneParam, numbers]) => ({ selfId, sceneParam, ...numbers })).sort((a, b) => b.users - a.users),
    }
  }

  private async obtain(selfId: string, sceneParam: string, title: string): Promise<QQUserLink> {
    const found = await this.find(selfId, sceneParam)
    if (found) return found
    const url = await this.maker.make(selfId, sceneParam)
    let link: QQUserLink | undefined
    await this.write(async () => {
      // another process may have been quicker
      link = await this.find(selfId, sceneParam)
      if (link) return
      const row = { selfId, sceneParam, url, title, createdAt: new Date() }
      await this.ctx.database.create('qq_user_link', row).catch(async (error) => {
        link = await this.find(selfId, sceneParam)
        if (!link) throw error
      })
      link ??= row
    })
    return link!
  }

  /** @throws LinkError where there is one in the way */
  private async find(selfId: string, sceneParam: string): Promise<QQUserLink | undefined> {
    if (!readId(selfId) || !isSceneParam(sceneParam)) return
    const [row] = await this.ctx.database.get('qq_user_link', { selfId, sceneParam })
    if (!row || row.sceneParam === sceneParam) return row
    throw new LinkError('same-but-case', undefined, `there is a link with ${row.sceneParam}, which the database takes for the same`)
  }

  private async write(task: () => Promise<void>) {
    try {
      await this.roster.write(task)
    } catch (error) {
      throw error instanceof GivenUpError ? new LinkError('aborted') : error
    }
  }
}

function byAge(a: QQUserLink, b: QQUserLink) {
  return +b.createdAt - +a.createdAt || (a.sceneParam < b.sceneParam ? -1 : 1)
}

/** A link whose parameter is spelt in another way is not the one. */
function ignoreCase(error: unknown) {
  if (!(error instanceof LinkError)) throw error
}
