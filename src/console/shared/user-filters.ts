import { consents, relations } from '../../model'
import { UserQuery } from '../../roster/query'
import { id, oneOf, optional, Reader, text } from './args'

const MAX = { search: 64, param: 255 }

const search: Reader<string | undefined> = (value) => {
  const read = optional(text(MAX.search))(value)
  return read?.replace(/[\p{Cc}\p{Cs}]/gu, '').trim() || undefined
}

/** Which users a client asks for. */
export const userFilters: { [K in keyof UserQuery]-?: Reader<UserQuery[K]> } = {
  selfId: optional(id),
  relation: optional(oneOf(...relations)),
  consent: optional(oneOf(...consents)),
  sceneParam: optional(text(MAX.param)),
  search,
}
