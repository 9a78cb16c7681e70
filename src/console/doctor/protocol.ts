import type { Dict } from 'koishi'
import type { Meaning } from '../../delivery/codes'

export interface Diagnosis {
  /** Whether any QQ adapter is loaded. */
  adapter: boolean
  bots: {
    selfId: string
    name: string
    online: boolean
    /** Whether the two intents are on; `undefined` where the adapter does not tell. */
    intents: { users?: boolean; interactions?: boolean }
    /** Until when (ms) the platform does not let the bot push. */
    suspendedUntil?: number
    /** How many messages wait for what the bot may send, and how many requests for what it may ask. */
    waiting: { messages: number; requests: number }
  }[]
  /** When (ms) each kind of dispatch last arrived since start. */
  arrivals: Dict<number | null>
  malformed: { type: string; field: string; count: number; at: number }[]
  /** Of kinds that this plugin does not know. */
  unknown: { type: string; kind: string; count: number; at: number }[]
  /** `known` tells whether the code, 0 for none, is one that this plugin knows. */
  refusals: { code: number; known: boolean; meaning: Meaning; count: number; at: number }[]
  /** How often the platform's two channels contradicted each other about a switch. */
  disputes: { selfId: string; count: number; at: number }[]
  database: {
    reachable: boolean
    waiting: number
    failing: boolean
    /** What cannot be written while others can, by its id, the longest set aside first. */
    setAside: { id: string; error: string; since: number; tries: number }[]
  }
}

export interface DoctorCalls {
  'qq-user/diagnose'(): Promise<Diagnosis>
}
