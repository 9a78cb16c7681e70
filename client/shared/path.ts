import { computed, ref, watch } from 'vue'
import { useRoute, useRouter } from 'vue-router'
import { ROOT } from './api'

export const tabs = ['overview', 'users', 'broadcasts', 'links', 'texts', 'doctor', 'transfer'] as const

export type Tab = typeof tabs[number]

export interface Path {
  tab: Tab
  /** The user who is looked at, if one is. */
  selfId?: string
  userId?: string
  /** The bot and the parameter that a list is to be limited to, if it is led to by a link. */
  bot?: string
  param?: string
  /** The broadcast that is looked at, or `new` for one that is being written. */
  broadcast?: number | 'new'
}

function parsePath(segments: string[]): Path {
  const [name, selfId, userId] = segments
  const tab = tabs.find(tab => tab === name) ?? 'overview'
  if (tab === 'broadcasts') return { tab, broadcast: selfId === 'new' ? selfId : +selfId || undefined }
  return tab === 'users' && userId ? { tab, selfId, userId } : { tab }
}

export function toUsersPath({ selfId, sceneParam }: { selfId: string; sceneParam: string }) {
  return { path: ROOT + '/users', query: { bot: selfId, param: sceneParam } }
}

export function toLinksPath(param: string) {
  return { path: ROOT + '/links', query: { param } }
}

export function toUserPath({ selfId, userId }: { selfId: string; userId: string }) {
  return `${ROOT}/users/${encodeURIComponent(selfId)}/${encodeURIComponent(userId)}`
}

export function toBroadcastPath(id: number | 'new') {
  return `${ROOT}/broadcasts/${id}`
}

/** What the page shows. Stays as it is while another page of the console is shown. */
export function usePath() {
  const route = useRoute()
  const path = ref<Path>({ tab: 'overview' })
  watch(() => route.fullPath, () => {
    if (route.path !== ROOT && !route.path.startsWith(ROOT + '/')) return
    const [bot, param] = [route.query.bot, route.query.param].map(value => typeof value === 'string' ? value : undefined)
    path.value = { ...parsePath([route.params.path ?? []].flat()), bot, param }
  }, { immediate: true })
  return computed(() => path.value)
}

export function useNavigation() {
  const router = useRouter()
  return {
    showUsers: () => router.push(ROOT + '/users'),
    showBroadcast: (id: number | 'new') => router.push(toBroadcastPath(id)),
    showUser: (user: { selfId: string; userId: string }) => router.push(toUserPath(user)),
  }
}
