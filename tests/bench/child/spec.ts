import { Store } from '../stores'

export type SideName = 'adapter' | 'naive' | 'ours'

export type Tier = 'certified' | 'uncertified'

/** What a child process is to be. */
export interface Spec {
  side: SideName
  store: Store
  /** The stand-in platform of the parent. */
  address: { appid: string; token: string; secret: string; selfId: string; endpoint: string }
  /** Whether new friends are greeted. */
  greet: boolean
  /** Whether every message is answered. */
  answer: boolean
  /** What the bot may send, `uncertified` unless told. */
  tier?: Tier
}

export interface Question {
  id: number
  name: string
  args: unknown[]
}

export interface Answer {
  id: number
  result?: unknown
  error?: string
}
