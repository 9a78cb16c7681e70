import type { Answers } from '../api'
import { useText } from '../i18n'
import { confirm } from '../shared/confirm'

/** Asks before many users are written to. */
export function useStart() {
  const { t, time, duration } = useText()

  function ask({ total, reachable, duration: ms }: Answers['qq-user/broadcast-estimate'], startAt?: number | null) {
    // nobody has to agree to what cannot be
    if (!total) throw new Error('empty-audience')
    return confirm({
      title: startAt ? t('broadcasts.schedule-title', { n: total, time: time(startAt) }) : t('broadcasts.start-title', { n: total }),
      message: reachable ? t('broadcasts.start-warning', { n: reachable, time: duration(ms) }) : t('broadcasts.nobody-now'),
      confirm: t(startAt ? 'broadcasts.schedule' : 'broadcasts.start-now'),
      cancel: t('user.cancel'),
    })
  }

  return { ask }
}
