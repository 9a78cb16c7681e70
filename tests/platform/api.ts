import { randomUUID } from 'node:crypto'
import { IncomingMessage, ServerResponse } from 'node:http'
import { Answer, placeCode, readText, refuse, write } from './answer'
import { rfc3339, Timers } from './clock'
import { Faults, hasOutcome } from './faults'
import { Meter } from './meter'
import { describeCode } from './codes'
import { Links } from './links'
import { Verdict } from './rules'
import { CodeField, Fault, Kind, Post, UnknownRequest, Upload } from './types'
import { World } from './world'

const kinds: Record<string, Kind> = { users: 'user', groups: 'group', channels: 'channel' }

export interface ApiOptions {
  world: World
  authorization: string
  selfId: string
  name: string
  gatewayUrl: () => string
}

/** The HTTP side. */
export class Api {
  readonly posts: Post[] = []
  readonly acknowledged: string[] = []
  readonly files: Upload[] = []
  readonly unknownRequests: UnknownRequest[] = []
  /** Messages and files that the API takes in a second; others are refused. */
  requestsPerSecond = Infinity
  /** How many were refused for that. */
  tooFrequent = 0
  /** Code that files are refused with. */
  fileCode?: number
  /** What files are answered with, whatever they are. */
  fileAnswer?: Pick<Answer, 'status' | 'body' | 'type'>
  readonly faults = new Faults()
  readonly links: Links
  /** Where the code stands in the body of a refusal. */
  codeField: CodeField = 'both'
  latency = 0
  audit = false
  /** Does not tell bots who they are. */
  secretive = false

  private timers = new Timers()
  private meter = new Meter()
  private watchers = new Set<(post: Post) => void>()

  constructor(private options: ApiOptions) {
    this.links = new Links(() => options.world.now())
  }

  async handle(request: IncomingMessage, response: ServerResponse) {
    const text = await readText(request).catch(() => undefined)
    if (text === undefined) return
    const answer = this.answer(request, text)
    answer.body = placeCode(answer.body, this.codeField)
    if (answer.hang) return
    const delay = this.latency + (answer.delay ?? 0)
    if (delay > 0) this.timers.set(() => write(response, answer), delay)
    else write(response, answer)
  }

  watch(callback: (post: Post) => void) {
    this.watchers.add(callback)
    return () => this.watchers.delete(callback)
  }

  stop() {
    this.timers.clear()
  }

  private answer(request: IncomingMessage, text: string): Answer {
    const method = request.method!
    const path = new URL(request.url!, 'http://127.0.0.1').pathname
    const { authorization, selfId, name, gatewayUrl, world } = this.options
    if (request.headers.authorization !== authorization) return refuse(11241, 401)
    if (method === 'GET' && path === '/gateway') return { status: 200, body: { url: gatewayUrl() } }
    if (method === 'GET' && path === '/users/@me') return this.secretive ? refuse(50001, 500) : { status: 200, body: { id: selfId, username: name, bot: true } }

    const interaction = method === 'PUT' && /^\/interactions\/([^/]+)$/.exec(path)
    if (interaction && world.hasInteraction(decode(interaction[1]))) {
      this.acknowledged.push(decode(interaction[1]))
      return { status: 204 }
    }

    if (method === 'POST' && path === '/v2/generate_url_link') return this.links.answer(parseObject(text))

    const target = method === 'POST' && /^(?:\/v2\/(users|groups)|\/(channels))\/([^/]+)\/(messages|files)$/.exec(path)
    if (!target) return this.unknown(method, path)
    const kind = kinds[target[1] ?? target[2]]
    const id = decode(target[3])
    const body = parseObject(text)
    if (this.meter.count(world.now(), 1000) >= this.requestsPerSecond) {
      this.tooFrequent++
      return refuse(100017, 429)
    }
    if (this.requestsPerSecond < Infinity) this.meter.add(world.now())
    if (target[4] === 'files') {
      if (kind === 'channel') return this.unknown(method, path)
      this.files.push({ kind, target: id, body, at: world.now() })
      if (this.fileCode) return refuse(this.fileCode)
      if (this.fileAnswer) return this.fileAnswer
      return { status: 200, body: { file_uuid: randomUUID(), file_info: randomUUID(), ttl: 3600 } }
    }
    if (kind !== 'user' && !world.hasPlace(kind, id)) this.unknown(method, path)
    return this.receive(kind, id, body)
  }

  private unknown(method: string, path: string): Answer {
    this.unknownRequests.push({ method, path })
    return refuse(404, 404)
  }

  private receive(kind: Kind, target: string, body: any): Answer {
    const { world } = this.options
    const verdict = body ? this.judge(kind, target, body) : { route: 'proactive' as const, seq: 1, code: 40011000 }
    const post: Post = { kind, target, body, at: world.now(), route: verdict.route, status: 200, reached: false }
    this.posts.push(post)
    const fault = this.faults.take(post)
    const replaced = fault && hasOutcome(fault)
    const usual = !replaced || fault.accept ? this.settle(post, verdict) : undefined
    const answer = replaced ? distort(fault, usual) : usual!
    post.status = answer.hang || answer.close ? 0 : answer.status
    if (replaced) post.code = Object(answer.body).code ?? Object(answer.body).err_code
    for (const watcher of this.watchers) watcher(post)
    return { ...answer, delay: fault?.delay }
  }

  private judge(kind: Kind, target: string, body: any): Verdict {
    if (kind === 'user') return this.options.world.judge(target, body)
    const route = body.event_id ? 'event' : body.msg_id ? 'msg' : 'proactive'
    return { route, seq: 1, code: this.options.world.hasPlace(kind, target) ? undefined : 11255 }
  }

  private settle(post: Post, verdict: Verdict): Answer {
    const { world } = this.options
    if (verdict.code) {
      Object.assign(post, { code: verdict.code, message: describeCode(verdict.code) })
      return refuse(verdict.code)
    }
    if (post.kind === 'user') world.commit(post.target, post.body, verdict)
    if (this.audit) {
      post.code = 304023
      return { status: 202, body: { code: 304023, message: describeCode(304023), data: { message_audit: { audit_id: randomUUID() } } } }
    }
    post.reached = true
    post.id = `ROBOT1.0_${randomUUID()}`
    return { status: 200, body: { id: post.id, timestamp: rfc3339(post.at) } }
  }
}

function distort({ code, status, body, type, hang, close }: Fault, usual?: Answer): Answer {
  if (hang) return { status: 0, hang }
  if (body !== undefined) return { status: status ?? 200, body, type, close }
  if (code !== undefined) return { ...refuse(code, status), close }
  if (status !== undefined) return { ...refuse(status, status), close }
  return { status: usual?.status ?? 200, close }
}

function decode(segment: string) {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}

function parseObject(text: string) {
  try {
    const body = JSON.parse(text)
    return body && typeof body === 'object' && !Array.isArray(body) ? body : undefined
  } catch {}
}
