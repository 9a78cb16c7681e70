import { useContext } from '@koishijs/client'
import { computed, ref } from 'vue'
import type { ExportProgress, ExportQuery } from '../../src/console/transfer/protocol'
import { api, download, listen, toReason } from '../shared/api'

/** A download, and how far it is. */
export function useExport() {
  const progress = ref<ExportProgress>()
  const error = ref('')
  const preparing = ref(false)

  const busy = computed(() => preparing.value || !!progress.value && !progress.value.done)

  listen(useContext(), 'qq-user/exported', (body) => {
    if (body.url === progress.value?.url) progress.value = body
  })

  async function run(query: ExportQuery) {
    preparing.value = true
    error.value = ''
    progress.value = undefined
    try {
      const { url, total } = await api.export(query)
      progress.value = { url, total, rows: 0, done: false }
      download(url)
    } catch (cause) {
      error.value = toReason(cause)
    } finally {
      preparing.value = false
    }
  }

  return { progress, error, busy, run }
}
