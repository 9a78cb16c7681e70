import { Computed, Context, h, Session } from 'koishi'
import { EventType, QQUser, QQUserEntry } from '../model'
import { Config } from '../config'
import { isDeed } from '../roster/state'
import { check, render, Scope, TemplateError } from './template'

/** The notices, by the event that causes them. */
const keys = {
  'friend-added': 'icebreaker',
  'friend-push-allowed': 'pushAllowed',
  'friend-push-rejected': 'pushRejected',
} as const satisfies Partial<Record<EventType, keyof Config>>

export type NoticeKey = typeof keys[keyof typeof keys]

/** Which notice an event causes. What the bot learned by other means than the user's own doing causes none. */
export function toNoticeKey({ type, source }: Pick<QQUserEntry, 'type' | 'source'>): NoticeKey | undefined {
  return isDeed(source) ? keys[type as keyof typeof keys] : undefined
}

/** What a notice is about. */
export interface Occasion {
  occurredAt: Date
  /** Whether the user had been there before. */
  returning: boolean
}

export interface Composition {
  /** What the operator wrote; empty where the text is the localised one. */
  source: string
  errors: TemplateError[]
  /** Missing where there are errors. */
  elements?: h[]
}

/** The operator's texts, or the localised ones in their place. */
export class Texts {
  private warned = new Set<string>()

  constructor(private ctx: Context, private config: Config) {
    for (const key of Object.values(keys)) {
      for (const content of branches(config[key].content)) this.faults(key, toSource(content))
    }
  }

  /** @returns what to send; nothing when the text is faulty, which is logged once */
  async render(key: NoticeKey, entry: Occasion, user: QQUser, session: Session): Promise<h[] | undefined> {
    try {
      const { elements, source } = await this.compose(key, entry, user, session)
      if (!elements) this.faults(key, source)
      return elements
    } catch (error) {
      this.warn(key, error)
    }
  }

  /** The text and where it comes from. @param locale the user's own unless told */
  async compose(key: NoticeKey, entry: Occasion, user: QQUser, session: Session, locale?: string): Promise<Composition> {
    const scope = toScope(entry, user, session)
    const source = toSource(this.ctx.reflect.trace(session).resolve(this.config[key].content))
    if (!source) {
      const locales = locale ? [locale] : await this.locales(session)
      return { source, errors: [], elements: this.ctx.i18n.render(locales, [`qq-user.notices.${key}`], scope) }
    }
    const errors = check(source)
    return { source, errors, elements: errors.length ? undefined : render(source, scope) }
  }

  private async locales(session: Session) {
    // a language is not worth the notice
    const user = await this.ctx.database.getUser(session.platform, session.userId!, ['locales']).catch(() => undefined)
    return [...user?.locales ?? [], ...session.locales]
  }

  private faults(key: NoticeKey, content: string) {
    for (const fault of check(content)) this.warn(key, describe(fault))
  }

  private warn(key: NoticeKey, problem: unknown) {
    const message = `${key}.content: ${problem}`
    if (this.warned.has(message)) return
    this.warned.add(message)
    this.ctx.logger.warn('%s; the notice is not sent', message)
  }
}

function toSource(content: unknown) {
  if (typeof content !== 'string') throw new TypeError(`expected a text, found ${typeof content}`)
  return content
}

function toScope({ occurredAt, returning }: Occasion, user: QQUser, { bot }: Session): Scope {
  return {
    user: { id: user.userId, name: user.name ?? '' },
    bot: { id: bot.selfId, name: bot.user?.name ?? '' },
    event: {
      scene: user.scene,
      sceneParam: user.sceneParam ?? '',
      timestamp: occurredAt,
      returning,
    },
  }
}

/** The texts in a computed value that can be told without a session. */
function branches(content: Computed<string>): string[] {
  if (typeof content === 'string') return [content]
  const { $switch } = content as { $switch?: { branches: { then: Computed<string> }[]; default: Computed<string> } }
  if (!$switch) return []
  return [...$switch.branches.map(({ then }) => then), $switch.default].flatMap(branches)
}

function describe({ kind, expression, index }: TemplateError) {
  return `${kind} at character ${index + 1}, {${expression}`
}
