import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Platform } from '../platform'
import { Figure } from './figures'
import { Options, Size } from './options'
import { Side, SideOptions } from './side'
import { Store, Stores } from './stores'

/** What all works of one run share. */
export class Bench {
  readonly stores: Stores
  readonly figures: Figure[] = []
  private platforms: Platform[] = []
  private kept = new Map<string, Promise<unknown>>()

  static async start(options: Options) {
    return new Bench(options, await mkdtemp(join(tmpdir(), 'qq-user-bench-')))
  }

  private constructor(private options: Options, private folder: string) {
    this.stores = new Stores(folder)
    Side.profile = options.profile
  }

  get size(): Size {
    return this.options.size
  }

  get kinds(): Store['kind'][] {
    return this.options.stores
  }

  add(figure: Figure) {
    this.figures.push(figure)
  }

  /** Says what is being done. */
  say(text: string) {
    process.stderr.write(`${text}\n`)
  }

  async platform() {
    const platform = await Platform.start()
    this.platforms.push(platform)
    return platform
  }

  /** Runs one side on a platform of its own. */
  async run<T>(options: SideOptions, callback: (side: Side) => Promise<T>, platform?: Platform): Promise<T> {
    const own = platform ?? await this.platform()
    const side = await Side.start(own, options)
    try {
      return await callback(side)
    } finally {
      const [warning, ...others] = await side.ask('warnings').catch(() => [])
      if (warning) this.say(`  ${options.side} warned ${others.length + 1} times: ${warning.slice(0, 160)}`)
      await side.stop()
      if (!platform) await this.leave(own)
    }
  }

  /** A SQLite file with so many users, made once. To be read only. */
  roster(users: number, entries = 1): Promise<Roster> {
    return this.once(`roster ${users} ${entries}`, () => this.fill(users, entries))
  }

  /** What several works need is done for the first of them. */
  once<T>(key: string, callback: () => Promise<T>): Promise<T> {
    if (!this.kept.has(key)) this.kept.set(key, callback())
    return this.kept.get(key) as Promise<T>
  }

  stop() {
    return this.once('stop', () => this.cleanUp())
  }

  private async cleanUp() {
    await Side.killAll()
    for (const platform of this.platforms.splice(0)) await platform.stop()
    await this.stores.stop()
    await rm(this.folder, { recursive: true, force: true })
  }

  private async leave(platform: Platform) {
    this.platforms = this.platforms.filter(other => other !== platform)
    await platform.stop()
  }

  private async fill(users: number, entries: number): Promise<Roster> {
    if (users) this.say(`  fills a file with ${users} users`)
    const platform = await this.platform()
    const store = await this.stores.create('sqlite')
    await this.run({ side: 'ours', store }, async (side) => {
      if (users) await side.ask('fill', users, entries)
    }, platform)
    return { platform, store }
  }
}

export interface Roster {
  /** The platform of the bot whose users they are. */
  platform: Platform
  store: Store
}
