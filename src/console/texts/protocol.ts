import type { TemplateError } from '../../notices/parser'
import type { NoticeKey } from '../../notices/texts'

export type { NoticeKey }

export interface PreviewQuery {
  key: NoticeKey
  selfId: string
  userId: string
  locale: string
}

export interface Preview {
  /** The text, as Koishi elements in their markup; to be shown as text, never as HTML. */
  content: string
  /** What the operator wrote; empty where the default text is used, unless that is faulty. */
  source: string
  errors: TemplateError[]
  /** The error where it could not be rendered at all. */
  failure?: string
}

export interface TextsCalls {
  'qq-user/preview'(query: PreviewQuery): Promise<Preview>
  /** Starts sending a notice to a user who may get it; its outcome follows as `qq-user/sent`. */
  'qq-user/send-notice'(query: PreviewQuery): Promise<{ ticket: string }>
}
