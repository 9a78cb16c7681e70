import { Computed, Dict, Schema } from 'koishi'
import enUS from '../locales/en-US.yml'
import jaJP from '../locales/ja-JP.yml'
import zhCN from '../locales/zh-CN.yml'
import zhTW from '../locales/zh-TW.yml'
import { RequestLimits } from './delivery/throttle'

/** A text that is sent to a user when something changes. */
export interface NoticeConfig {
  /** Whether to send it, `true` by default. */
  enabled: boolean
  /**
   * Koishi elements, with `{user.name}` and the like filled in. May differ by bot, user and so on.
   * Empty, the default, means the text of the plugin's locale files in the user's language.
   */
  content: Computed<string>
}

export interface Config {
  /** After a user added the bot. */
  icebreaker: NoticeConfig
  /** After a user turned proactive messages on. */
  pushAllowed: NoticeConfig
  /** After a user turned proactive messages off. */
  pushRejected: NoticeConfig
  push: PushConfig
  /** How much one bot asks of the platform, everything that the plugin sends together; the platform takes 100 requests a second. */
  requests: RequestLimits
  history: HistoryConfig
}

export interface HistoryConfig {
  /** For how many days the ledger is kept; 0, the default, for ever. The newest entry of each user stays. */
  keepDays: number
}

/** How much may be sent proactively; `Infinity` for no limit. */
export interface Limits {
  /** By one bot in a second. */
  botSecond: number
  /** By one bot in a minute. */
  botMinute: number
  /** To one user in a minute. */
  userMinute: number
  /** To one user in a day. */
  userDay: number
}

export interface PushConfig extends Limits {
  /** Whether to stop proactive private messages of any plugin to users who rejected them or deleted the bot, `true` by default. */
  guard: boolean
  /** Whether a user whose switch was never seen may be written to, `true` by default, as is the platform's switch. */
  assumeAllowed: boolean
  /** Whether a push may recall a user where the platform lets nothing proactive through: it allows that once in a while after they wrote. `true` by default. */
  recall: boolean
  /** How much the platform lets the bot send: `certified` as a company or as a person; `uncertified` by default, `custom` for the limits beside it. */
  tier: 'certified' | 'uncertified' | 'custom'
}

export const locales: Dict = { 'zh-CN': zhCN, 'en-US': enUS, 'zh-TW': zhTW, 'ja-JP': jaJP }

const Notice = () => Schema.object({
  enabled: Schema.boolean().default(true),
  content: Schema.computed(Schema.string().role('textarea', { rows: [3, 8] })).default(''),
})

export const Config: Schema<Config> = Schema.intersect([
  Schema.object({ icebreaker: Notice() }),
  Schema.object({ pushAllowed: Notice() }),
  Schema.object({ pushRejected: Notice() }),
  Schema.object({
    push: Schema.intersect([
      Schema.object({
        guard: Schema.boolean().default(true),
        assumeAllowed: Schema.boolean().default(true),
        recall: Schema.boolean().default(true),
        tier: Schema.union(['uncertified', 'certified', 'custom'] as const).default('uncertified').role('radio'),
      }),
      Schema.union([
        Schema.object({
          tier: Schema.const('custom').required(),
          botSecond: Schema.natural().min(1).default(5),
          botMinute: Schema.natural().min(1).default(30),
          userMinute: Schema.natural().min(1).default(20),
          userDay: Schema.natural().min(1).default(1000),
        }),
        Schema.object({}),
      ]),
    ]),
  }),
  Schema.object({
    requests: Schema.object({
      perSecond: Schema.natural().min(1).default(80),
      concurrent: Schema.natural().min(1).default(50),
    }),
  }),
  Schema.object({
    history: Schema.object({
      keepDays: Schema.natural().default(0),
    }),
  }),
]).i18n(Object.fromEntries(Object.entries(locales).map(([locale, { _config }]) => [locale, _config]))) as Schema<Config>
