import { computed, ref } from 'vue'
import { outcomes, toReason } from './api'

/** A message that is on its way. */
export function useSending() {
  return useTicket(outcomes)
}

/** Something that is started with a call and ends with an outcome of its own. */
export function useTicket<T>(outcomes: ReadonlyMap<string, T>) {
  const ticket = ref('')
  const error = ref('')
  const starting = ref(false)

  const outcome = computed(() => outcomes.get(ticket.value))
  const pending = computed(() => starting.value || !!ticket.value && !outcome.value)

  async function start(send: () => Promise<{ ticket: string }>) {
    reset()
    starting.value = true
    try {
      ticket.value = (await send()).ticket
    } catch (cause) {
      error.value = toReason(cause)
    } finally {
      starting.value = false
    }
  }

  function reset() {
    ticket.value = ''
    error.value = ''
  }

  return { pending, outcome, error, start, reset }
}
