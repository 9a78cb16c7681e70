import { randomUUID } from 'node:crypto'
import { Answer, refuse } from './answer'
import { Meter } from './meter'

/** In a row; after a while there may be more. */
const atOnce = 9
const pause = 60_000

export type LinkShape = 'retcode' | 'data' | 'url_link'

/** Makes links by which users come. */
export class Links {
  /** In which of its ways the platform answers. */
  shape: LinkShape = 'retcode'
  /** What was asked for, by the end of each link. */
  readonly made = new Map<string, string>()
  /** What was asked for, whatever the answer was. */
  readonly asked: unknown[] = []
  /** Answers in place of the next ones. */
  readonly misbehaviour: Answer[] = []

  private meter = new Meter()

  constructor(private now: () => number) {}

  answer(body: any): Answer {
    this.asked.push(body?.callback_data)
    const misbehaviour = this.misbehaviour.shift()
    if (misbehaviour) return misbehaviour
    if (this.meter.count(this.now(), pause) >= atOnce) return refuse(100017)
    this.meter.add(this.now())
    const data = body?.callback_data
    if (typeof data !== 'string' || !/^[A-Za-z0-9-]{1,32}$/.test(data) || Object.keys(body).length > 1) {
      return { status: 200, body: { retcode: 51, msg: 'invalid GetCustomShareJumpUrlReq.CallbackData: value contains invalid strings' } }
    }
    const code = randomUUID().slice(0, 8)
    this.made.set(code, data)
    const url = `https://bot.q.qq.com/s/${code}`
    if (this.shape === 'url_link') return { status: 200, body: { url_link: url } }
    return { status: 200, body: { ...this.shape === 'retcode' && { retcode: 0, msg: 'success' }, data: { url } } }
  }
}
