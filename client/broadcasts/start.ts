import type { Estimate } from '../../src/console/broadcasts/protocol'
import { useText } from '../shared/i18n'
import { confirm } from '../shared/confirm'

type Forecast = Pick<Estimate, 'total' | 'duration'> & Partial<Pick<Estimate, 'reachable'>>

/** Asks before many users are written to. */
export function useStart() {
  const { t, time, duration } = useText()

  function explain({ reachable, duration: ms }: Forecast) {
    if (reachable === undefined) return t('broadcasts.takes', { time: duration(ms) })
    return reachable ? t('broadcasts.start-warning', { n: reachable, time: duration(ms) }) : t('broadcasts.nobody-now')
  }

  /** @param excerpt the beginning of the message, where it is not in sight */
  function ask(forecast: Forecast, startAt?: number | null, excerpt?: string) {
    const { total } = forecast
    // nobody has to agree to what cannot be
    if (!total) throw new Error('empty-audience')
    return confirm({
      title: startAt ? t('broadcasts.schedule-title', { n: total, time: time(startAt) }) : t('broadcasts.start-title', { n: total }),
      message: [explain(forecast), excerpt && t('broadcasts.start-message', { text: excerpt })].filter(Boolean).join('\n\n'),
      confirm: t(startAt ? 'broadcasts.schedule' : 'broadcasts.start-now'),
      cancel: t('user.cancel'),
    })
  }

  return { ask }
}
