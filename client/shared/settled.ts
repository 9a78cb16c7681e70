import { useDebounceFn } from '@vueuse/core'
import { Ref, shallowRef, watch } from 'vue'

/** What something is once it has stayed so for a while (ms). */
export function useSettled<T>(source: Ref<T>, delay: number) {
  const settled = shallowRef(source.value) as Ref<T>
  watch(source, useDebounceFn(() => settled.value = source.value, delay))
  return settled
}
