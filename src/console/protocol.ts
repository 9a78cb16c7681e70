import type { DataService } from '@koishijs/plugin-console'
import type { BroadcastsCalls, BroadcastsMessages } from './broadcasts/protocol'
import type { DoctorCalls } from './doctor/protocol'
import type { LinksCalls, LinksMessages } from './links/protocol'
import type { OverviewCalls } from './overview/protocol'
import type { SharedMessages, Summary } from './shared/protocol'
import type { TextsCalls } from './texts/protocol'
import type { TransferCalls, TransferMessages } from './transfer/protocol'
import type { UserCalls } from './user/protocol'
import type { UsersCalls } from './users/protocol'

/** What the page may ask. Every one of these is for authority 4 only. */
export interface Calls extends
  OverviewCalls, UsersCalls, UserCalls, BroadcastsCalls, LinksCalls, TextsCalls, DoctorCalls, TransferCalls {}

/** What the server sends on its own, to clients of authority 4 only. */
export interface Messages extends SharedMessages, BroadcastsMessages, LinksMessages, TransferMessages {}

declare module '@koishijs/console' {
  interface Events extends Calls {}

  namespace Console {
    interface Services {
      qqUser: DataService<Summary>
    }
  }
}
