import { Computed, Context, h, Session, Time } from 'koishi'
import { EventType, QQUser, QQUserEntry } from '../model'
import { Config } from '../config'
import { isUserAction } from '../roster/state'
import { outlast } from '../shared/outlast'
import { Foreign, judgeAddress } from './address'
import { LIMIT, measure } from './length'
import { TemplateError } from './parser'
import { check, render } from './template'
import { Scope } from './variables'

/** For how long (ms) the database is asked which language a user speaks. */
const PATIENCE = 3 * Time.second

/** The notices, by the event that causes them. */
const keys = {
  'friend-added': 'icebreaker',
  'friend-push-allowed': 'pushAllowed',
  'friend-push-rejected': 'pushRejected',
} as const satisfies Partial<Record<EventType, keyof Config>>

export type NoticeKey = typeof keys[keyof typeof keys]

/** Which notice an event causes. What the bot learned by other means than the user's own doing causes none. */
export function toNoticeKey({ type, source }: Pick<QQUserEntry, 'type' | 'source'>): NoticeKey | undefined {
  return isUserAction(source) ? keys[type as keyof typeof keys] : undefined
}

/** What a notice is about. */
export interface Occasion {
  occurredAt: Date
  /** Whether the user had been there before. */
  returning: boolean
}

export interface Composition {
  /** What the operator wrote; empty where the text is the localised one, unless that is faulty. */
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
      for (const content of branches(config[key].content)) {
        for (const error of check(toSource(content))) this.refuse(key, describe(error))
      }
    }
  }

  /** @returns what to send; nothing when the text is faulty, which is logged once */
  async render(key: NoticeKey, entry: Occasion, user: QQUser, session: Session): Promise<h[] | undefined> {
    try {
      const { elements, errors } = await this.compose(key, entry, user, session)
      for (const error of errors) this.refuse(key, describe(error))
      return elements
    } catch (error) {
      this.refuse(key, error)
    }
  }

  /** The text and where it comes from. @param locale the user's own unless told */
  async compose(key: NoticeKey, entry: Occasion, user: QQUser, session: Session, locale?: string): Promise<Composition> {
    const scope = toScope(entry, user, session)
    const own = toSource(this.ctx.reflect.trace(session).resolve(this.config[key].content))
    const source = own || this.localised(key, locale ? [locale] : await this.locales(session))
    const errors = check(source)
    const elements = errors.length ? [] : await this.fill(key, source, scope, errors)
    return errors.length ? { source, errors } : { source: own, errors, elements }
  }

  /** Renders a text without the addresses that others have no business to choose. */
  private async fill(key: NoticeKey, source: string, scope: Scope, errors: TemplateError[]) {
    const chosen = new Set<string>()
    const inner = new Set<string>()
    const allow = (foreign: Foreign) => {
      const verdict = judgeAddress(foreign)
      if (verdict instanceof URL) chosen.add(verdict.href)
      if (verdict && !(verdict instanceof URL && inner.has(verdict.href))) return true
      this.warn(`${key}.content: <${foreign.element}> is left out, its ${foreign.name} came from a user or the platform and is no address on the public web`)
      return false
    }
    const fail = (error: TemplateError) => {
      if (!errors.some(({ index }) => index === error.index)) errors.push(error)
    }
    const draft = render(source, scope, { allow, fail })
    const http = this.ctx.get('http')
    await Promise.all([...chosen].map(async (url) => {
      if (await http?.isLocal(url)) inner.add(url)
    }))
    const elements = inner.size ? render(source, scope, { allow }) : draft
    if (measure(elements) > LIMIT) errors.push({ index: source.length, expression: '', kind: 'too-long' })
    return elements
  }

  /** What is overridden on the locales page comes first, as everywhere in Koishi. */
  private localised(key: NoticeKey, locales: string[]) {
    const { i18n } = this.ctx
    const path = `qq-user.notices.${key}`
    const found = i18n.fallback(locales).flatMap(locale => ['$' + locale, locale]).find(locale => i18n._data[locale]?.[path])
    return found === undefined ? i18n.render(locales, [path], {}).join('') : i18n._data[found][path]
  }

  private async locales(session: Session) {
    // a language is not worth the notice, and the database may be gone by now, or not answer
    const read = Promise.resolve(this.ctx.get('database')?.getUser(session.platform, session.userId!, ['locales']).catch(() => undefined))
    const user = await outlast(read, async () => true, PATIENCE) ? undefined : await read
    return [...user?.locales ?? [], ...session.locales]
  }

  private refuse(key: NoticeKey, problem: unknown) {
    this.warn(`${key}.content: ${problem}; the notice is not sent`)
  }

  private warn(message: string) {
    if (this.warned.has(message)) return
    this.warned.add(message)
    this.ctx.logger.warn(message)
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
  if (kind === 'too-long') return `${kind}, the platform takes ${LIMIT} characters`
  return `${kind} at character ${index + 1}, ${expression.startsWith('<') ? '' : '{'}${expression}`
}
