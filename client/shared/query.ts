import { useThrottleFn } from '@vueuse/core'
import { onActivated, onDeactivated, ref, shallowRef, watch, WatchSource } from 'vue'
import { toReason } from './api'

/** Something asked of the server: at once, whenever what it depends on changes, and when the panel is looked at again. */
export function useQuery<T>(fetch: () => Promise<T>, sources: WatchSource[] = []) {
  const data = shallowRef<T>()
  const error = ref('')
  const loading = ref(false)
  let turn = 0

  async function reload() {
    // of several calls under way only the last one counts
    const mine = ++turn
    loading.value = true
    try {
      const value = await fetch()
      if (mine !== turn) return
      data.value = value
      error.value = ''
    } catch (cause) {
      if (mine === turn) error.value = toReason(cause)
    } finally {
      if (mine === turn) loading.value = false
    }
  }

  let isShown = true
  onDeactivated(() => isShown = false)
  onActivated(() => {
    if (isShown) return
    isShown = true
    reload()
  })

  /** Takes notice of a change, however many there are at once, as long as somebody looks. */
  const refresh = useThrottleFn(() => {
    if (isShown) reload()
  }, 2000, true)

  if (sources.length) watch(sources, reload)
  reload()

  return { data, error, loading, reload, refresh }
}
