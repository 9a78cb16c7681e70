import { shallowRef } from 'vue'

/** The user who was erased last. The server does not tell, as it was this page that asked for it. */
export const erased = shallowRef<{ selfId: string; userId: string }>()
