import { Context, useI18n } from '@koishijs/client'
import enUS from '../locales/en-US.yml'
import zhCN from '../locales/zh-CN.yml'
import { toDuration } from './duration'

export const KEY = 'qq-user.'

const locales = { 'zh-CN': zhCN, 'en-US': enUS }

/** Adds this plugin's texts to those of the console. */
export function defineTexts(ctx: Context) {
  const { global } = ctx.$i18n.i18n
  for (const [locale, texts] of Object.entries(locales)) {
    global.mergeLocaleMessage(locale, { 'qq-user': texts })
  }
  return global as unknown as { t(key: string): string }
}

export type Params = Record<string, string | number>

/** The texts, and how numbers and times are written, in the operator's language. */
export function useText() {
  const { t: translate, te, locale } = useI18n({ useScope: 'global' })

  /** A text; with `n` among its parameters the plural form that fits. */
  function t(key: string, params: Params = {}) {
    const n = params.n
    return typeof n === 'number' ? translate(KEY + key, { ...params, n: number(n) }, n) : translate(KEY + key, params)
  }

  /** The name of something that a server may know more kinds of than this page. A detail may follow a colon. */
  function name(group: string, id: string | number) {
    const [kind, detail = ''] = String(id).split(/:(.*)/s)
    return te(`${KEY}${group}.${kind}`) ? t(`${group}.${kind}`, { detail }) : String(id)
  }

  function reason(reason: string) {
    return reason.startsWith('code:') ? t('reason.code', { code: reason.slice(5) }) : name('reason', reason)
  }

  function scene(scene: number | null) {
    return name('scene', scene ?? 'unknown')
  }

  function number(value: number) {
    return new Intl.NumberFormat(locale.value).format(value)
  }

  function percent(ratio: number) {
    return new Intl.NumberFormat(locale.value, { style: 'percent', maximumFractionDigits: 1 }).format(ratio)
  }

  function time(ms: number) {
    return new Intl.DateTimeFormat(locale.value, { dateStyle: 'medium', timeStyle: 'medium', hourCycle: 'h23' }).format(ms)
  }

  /** The time of day. */
  function clock(ms: number) {
    return new Intl.DateTimeFormat(locale.value, { timeStyle: 'medium', hourCycle: 'h23' }).format(ms)
  }

  function duration(ms: number) {
    return toDuration(ms, locale.value)
  }

  return { t, name, reason, scene, number, percent, time, clock, duration, locale }
}
