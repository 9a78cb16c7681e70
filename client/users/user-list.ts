import { useContext } from '@koishijs/client'
import { computed, reactive, ref, watch } from 'vue'
import type { UserRow } from '../../src/console/shared/protocol'
import type { Page, PageQuery, Sort } from '../../src/console/users/protocol'
import { api, listen } from '../shared/api'
import { usePath } from '../shared/path'
import { useQuery } from '../shared/query'
import { useBots } from '../shared/bots'
import { findPlace, isSame, matches } from './match'

export interface Filters {
  search: string
  relation: UserRow['relation'] | ''
  consent: UserRow['consent'] | ''
  sceneParam: string
  sort: Sort
}

const LIMIT = 20
const FRESH = 4000

function toQuery({ sort, search, relation, consent, sceneParam }: Filters, selfId: string): PageQuery {
  return {
    sort,
    limit: LIMIT,
    ...selfId && { selfId },
    ...search && { search },
    ...relation && { relation },
    ...consent && { consent },
    ...sceneParam && { sceneParam },
  }
}

/** Users who are marked for a moment. */
function useHighlights() {
  const fresh = reactive(new Set<string>())
  const toKey = ({ selfId, userId }: UserRow) => `${selfId} ${userId}`

  function highlight(user: UserRow) {
    const key = toKey(user)
    fresh.add(key)
    setTimeout(() => fresh.delete(key), FRESH)
  }

  return { highlight, isFresh: (user: UserRow) => fresh.has(toKey(user)) }
}

/** A page of users that stays true while it is looked at. */
export function useUsers(announce: (user: UserRow) => void) {
  const { selfId } = useBots()
  const filters = reactive<Filters>({ search: '', relation: '', consent: '', sceneParam: '', sort: 'firstSeen' })
  /** The last row of each page before this one. */
  const before = ref<UserRow[]>([])
  /** New users who belong on the first page, which is not the one shown. */
  const newcomers = ref(0)
  const { isFresh, highlight } = useHighlights()

  const query = computed(() => toQuery(filters, selfId.value))

  // led to by a link
  watch(usePath(), ({ tab, bot, param }) => {
    if (tab !== 'users' || param === undefined) return
    selfId.value = bot ?? ''
    Object.assign(filters, { search: '', relation: '', consent: '', sceneParam: param })
  }, { immediate: true })

  // at once, so that nobody asks for a page of the query before
  watch(query, () => before.value = [], { flush: 'sync' })

  const { data, error, loading, reload, refresh } = useQuery(() => {
    const last = before.value.at(-1)
    if (!last) newcomers.value = 0
    const { selfId, userId, firstSeen, lastMessageAt } = last ?? {} as UserRow
    return api.list({ ...query.value, ...last && { after: { selfId, userId, firstSeen, lastMessageAt } } })
  }, [query, before])

  listen(useContext(), 'qq-user/changed', ({ user, entry, missed }) => {
    const page = data.value
    if (!page) return
    if (missed) refresh()
    const index = page.users.findIndex(other => isSame(other, user))
    const isNew = user.firstSeen === entry.occurredAt
    if (index >= 0) {
      data.value = { ...page, users: page.users.map((other, at) => at === index ? user : other) }
      highlight(user)
    } else if (matches(user, query.value)) {
      const known = isNew ? page.total + 1 : page.total
      if (before.value.length) {
        data.value = { ...page, total: known }
        if (isNew) newcomers.value++
      } else {
        insert({ ...page, total: known }, user)
        if (isNew) announce(user)
      }
    }
  })

  function insert(page: Page, user: UserRow) {
    const index = findPlace(page.users, user, filters.sort)
    const users = [...page.users.slice(0, index), user, ...page.users.slice(index)]
    data.value = { ...page, users: users.slice(0, LIMIT) }
    if (index < LIMIT) highlight(user)
  }

  const number = computed(() => before.value.length + 1)
  const hasNext = computed(() => {
    if (data.value?.users.length !== LIMIT) return false
    return number.value * LIMIT < data.value.total
  })

  return {
    filters,
    data,
    error,
    loading,
    reload,
    newcomers,
    number,
    hasNext,
    isFresh,
    next: () => before.value = [...before.value, data.value!.users.at(-1)!],
    previous: () => before.value = before.value.slice(0, -1),
    first: () => before.value = [],
  }
}
