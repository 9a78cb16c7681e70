import { parseArgs } from 'node:util'
import { available, Store } from './stores'

/** How much of everything. */
export interface Size {
  rounds: number
  /** User events, and the users that they are spread over. */
  events: number
  users: number
  /** Greetings one at a time, and for how many seconds they come at `rate` a second. */
  greetings: number
  seconds: number
  rate: number
  /** Messages in a block, and how many blocks each side answers. */
  messages: number
  blocks: number
  /** Users on the roster: many, and very many. */
  many: number
  multitude: number
  /** How many of many get a broadcast. */
  recipients: number
  /** Users with a history to prune, of `entries` each. */
  pruned: number
  entries: number
}

const usual: Size = {
  rounds: 3,
  events: 20_000,
  users: 5_000,
  greetings: 80,
  seconds: 8,
  rate: 200,
  messages: 500,
  blocks: 16,
  many: 100_000,
  multitude: 1_000_000,
  recipients: 1_500,
  pruned: 5_000,
  entries: 6,
}

const quick: Size = {
  ...usual,
  rounds: 2,
  events: 2_000,
  users: 500,
  greetings: 30,
  seconds: 3,
  messages: 200,
  blocks: 5,
  many: 2_000,
  multitude: 20_000,
  recipients: 300,
  pruned: 500,
}

export interface Options {
  size: Size
  json: boolean
  only?: string[]
  stores: Store['kind'][]
  /** Where the children leave their CPU profiles. */
  profile?: string
}

export const usage = `usage: npm run bench -- [options]

  --quick           a small size, for a first look
  --rounds <n>      how often each side has its turn
  --recipients <n>  to how many of 100,000 users the broadcast is sent, 1,500 unless told
  --only <a,b>      some works only, by letter or by name
  --store <name>    one kind of database only, sqlite, mariadb or postgres
  --json            figures for machines
  --profile <path>  leave CPU profiles of all sides in a folder
`

export function readOptions(args: string[]): Options | undefined {
  const { values } = parseArgs({
    args,
    options: {
      help: { type: 'boolean' },
      quick: { type: 'boolean' },
      json: { type: 'boolean', default: false },
      only: { type: 'string' },
      store: { type: 'string' },
      rounds: { type: 'string' },
      recipients: { type: 'string' },
      profile: { type: 'string' },
    },
  })
  if (values.help) return
  const size = { ...values.quick ? quick : usual }
  if (values.rounds) size.rounds = +values.rounds
  if (values.recipients) size.recipients = +values.recipients
  const stores = available.filter(kind => !values.store || kind === values.store)
  return { size, json: values.json!, only: values.only?.split(','), stores, profile: values.profile }
}
