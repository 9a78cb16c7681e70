import { store } from '@koishijs/client'
import { computed, ref } from 'vue'
import type { Summary } from '../../src/console/shared/protocol'

const chosen = ref('')

/** The bots, and the one that the page is about, if not all of them. */
export function useBots() {
  const bots = computed(() => (store as { qqUser?: Summary }).qqUser?.bots ?? [])
  const selfId = computed({
    get: () => bots.value.some(bot => bot.selfId === chosen.value) ? chosen.value : '',
    set: value => chosen.value = value,
  })
  /** One bot in any case, where there is one. */
  const single = computed(() => selfId.value || bots.value[0]?.selfId || '')

  function toName(selfId: string) {
    return bots.value.find(bot => bot.selfId === selfId)?.name || selfId
  }

  return { bots, selfId, single, toName }
}
