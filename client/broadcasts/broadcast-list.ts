import { useContext } from '@koishijs/client'
import { computed, ref } from 'vue'
import { isActive } from '../../src/broadcast/phases'
import type { BroadcastsQuery, BroadcastSummary } from '../../src/console/broadcasts/protocol'
import { api, listen, toReason } from '../shared/api'
import { useBots } from '../shared/bots'
import { useQuery } from '../shared/query'

/** So many come at once. */
const PAGE = 20

/** Broadcasts, newest first, that stay true while they are looked at. */
export function useBroadcasts(query: Pick<BroadcastsQuery, 'active'>) {
  const { selfId } = useBots()
  const older = ref<BroadcastSummary[]>([])
  const atEnd = ref(false)

  const fetch = (after?: number) => api.broadcasts({ ...query, limit: PAGE, selfId: selfId.value || undefined, after })

  const { data, error, loading, reload, refresh } = useQuery(() => {
    older.value = []
    atEnd.value = false
    return fetch()
  }, [selfId])

  const rows = computed(() => data.value && [...data.value, ...older.value])
  const more = computed(() => !atEnd.value && (data.value?.length ?? 0) >= PAGE)

  async function loadOlder() {
    loading.value = true
    try {
      const page = await fetch(rows.value!.at(-1)!.id)
      older.value = [...older.value, ...page]
      atEnd.value = page.length < PAGE
    } catch (cause) {
      error.value = toReason(cause)
    } finally {
      loading.value = false
    }
  }

  listen(useContext(), 'qq-user/broadcast', (row) => {
    if (selfId.value && row.selfId !== selfId.value) return
    const isKnown = !!rows.value?.some(({ id }) => id === row.id)
    const belongs = query.active ? isActive(row.state) : isKnown || row.id > (rows.value?.[0]?.id ?? 0)
    if (isKnown !== belongs) refresh()
    const put = (rows: BroadcastSummary[]) => rows.map(other => other.id === row.id ? row : other)
    if (data.value) data.value = put(data.value)
    older.value = put(older.value)
  })

  return { rows, more, error, loading, reload, loadOlder }
}
