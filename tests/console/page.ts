import { WebSocket } from 'ws'
import type { Calls, Messages } from '../../src/console/protocol'

type Answer<K extends keyof Calls> = Awaited<ReturnType<Calls[K]>>

/** The console's page in a browser, as far as the server can tell. */
export class Page {
  /** Everything that the server said on its own. */
  readonly heard: { type: string; body: any; at: number }[] = []

  private socket!: WebSocket
  private waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>()
  private count = 0
  private wake = () => {}

  static async open(port: number) {
    const page = new Page()
    page.socket = new WebSocket(`ws://127.0.0.1:${port}/status`)
    page.socket.on('message', data => page.receive(JSON.parse(data.toString())))
    await new Promise((resolve, reject) => page.socket.once('open', resolve).once('error', reject))
    return page
  }

  call<K extends keyof Calls>(type: K, ...args: Parameters<Calls[K]>): Promise<Answer<K>> {
    return this.send(type, ...args)
  }

  /** Calls with whatever. */
  send(type: string, ...args: unknown[]): Promise<any> {
    const id = ++this.count
    this.socket.send(JSON.stringify({ type, args, id }))
    return new Promise((resolve, reject) => this.waiting.set(id, { resolve, reject }))
  }

  /** What the server says a call fails with. */
  error(type: string, ...args: unknown[]): Promise<string | undefined> {
    return this.send(type, ...args).then(() => undefined, error => error.message)
  }

  messages<K extends keyof Messages>(type: K): Messages[K][] {
    return this.heard.filter(message => message.type === type).map(({ body }) => body)
  }

  /** Waits for a message that fits. */
  async until<K extends keyof Messages>(type: K, when: (body: Messages[K]) => boolean = () => true): Promise<Messages[K]> {
    for (;;) {
      const message = this.messages(type).find(when)
      if (message) return message
      await new Promise<void>(resolve => this.wake = resolve)
    }
  }

  close() {
    this.socket.terminate()
  }

  private receive({ type, body }: { type: string; body: any }) {
    if (type !== 'response') {
      this.heard.push({ type, body, at: performance.now() })
      return this.wake()
    }
    const { id, value, error } = body
    const { resolve, reject } = this.waiting.get(id)!
    this.waiting.delete(id)
    if (error === undefined) resolve(value)
    else reject(new Error(error))
  }
}
