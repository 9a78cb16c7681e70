import { computed, ref, shallowRef } from 'vue'
import type { ImportReport } from '../../src/console/transfer/protocol'
import { api, toReason } from '../shared/api'
import { readChunks } from './chunks'

export interface Result {
  report: ImportReport
  dryRun: boolean
  done: boolean
}

/** A file on its way to the server, and what the server found in it. */
export function useImport() {
  const result = shallowRef<Result>()
  const progress = ref<number>()
  const error = ref('')

  const busy = computed(() => progress.value !== undefined)

  async function run(selfId: string, file: File, dryRun: boolean) {
    progress.value = 0
    error.value = ''
    result.value = undefined
    try {
      const { ticket } = await api.import(selfId, dryRun)
      for await (const chunk of readChunks(file)) {
        const report = await api.importChunk(ticket, chunk.text, chunk.last)
        progress.value = chunk.progress
        result.value = { report, dryRun, done: chunk.last }
      }
    } catch (cause) {
      error.value = cause instanceof TypeError ? 'not-utf8' : toReason(cause)
    } finally {
      progress.value = undefined
    }
  }

  function reset() {
    result.value = undefined
    error.value = ''
  }

  return { result, progress, error, busy, run, reset }
}
