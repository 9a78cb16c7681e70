import { Computed, Dict, Schema } from 'koishi'
import enUS from '../locales/en-US.yml'
import jaJP from '../locales/ja-JP.yml'
import zhCN from '../locales/zh-CN.yml'
import zhTW from '../locales/zh-TW.yml'

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
}

export interface PushConfig {
  /** Whether a user whose switch was never seen may be written to, `true` by default, as is the platform's switch. */
  assumeAllowed: boolean
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
    push: Schema.object({
      assumeAllowed: Schema.boolean().default(true),
    }),
  }),
]).i18n(Object.fromEntries(Object.entries(locales).map(([locale, { _config }]) => [locale, _config]))) as never
