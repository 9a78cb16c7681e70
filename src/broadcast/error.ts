import { TemplateError } from '../notices/parser'

const messages = {
  'not-found': 'there is no such broadcast',
  'wrong-state': 'that is not possible in the state that the broadcast is in',
  'unknown-bot': 'there is no such QQ bot',
  'unknown-user': 'the bot does not know these users',
  'empty-content': 'there is nothing to send',
  'content': 'the content has faults',
  'component': 'the content has a component, and a broadcast runs none',
  'too-long': 'the content is too long',
  'audience': 'the audience is described wrongly',
  'empty-audience': 'nobody is in the audience',
  'too-many-users': 'the audience lists too many users; describe it by other means',
  'nobody-left': 'there is nobody for whom it failed for a passing reason',
  'repeated': 'those whom it did not reach were sent it again',
  'via': 'the ways are none',
  'title': 'the title is no text, or too long',
  'time': 'the time is none',
  'past': 'the time is in the past',
} as const

export type BroadcastFault = keyof typeof messages

/** Why a broadcast was not made, or not changed. Nothing was sent for it. */
export class BroadcastError extends Error {
  name = 'BroadcastError'

  /**
   * @param reason what is wrong
   * @param detail what exactly, in words
   * @param errors the faults in the content, and where they begin
   */
  constructor(public readonly reason: BroadcastFault, public readonly detail?: string, public readonly errors: TemplateError[] = []) {
    super(`broadcast: ${messages[reason]}${detail ? ` (${detail})` : ''}`)
  }
}
