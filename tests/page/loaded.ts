import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Context, Loader } from 'koishi'
import { freePort } from '../ports'
import { pass, until } from '../harness'
import { Platform } from '../platform'
import { toStandIn } from '../start/config'
import { SourceLoader } from '../start/loader'

class InstalledLoader extends SourceLoader {
  constructor(private path: string) {
    super()
  }

  async import(name: string) {
    return name === 'qq-user' ? require(this.path) : super.import(name)
  }
}

/** A Koishi that was loaded from a config file, with the installed plugin and the config page. */
export class Loaded {
  app!: Context
  url!: string
  platform!: Platform

  private loader!: SourceLoader
  private folder!: string

  /** @param path where the plugin is installed @param group puts it into a group of the config */
  static async start(path: string, group?: string) {
    const loaded = new Loaded()
    await loaded.start(path, group)
    return loaded
  }

  private async start(path: string, group?: string) {
    const port = await freePort()
    this.url = `http://127.0.0.1:${port}`
    this.platform = await Platform.start()
    this.folder = await mkdtemp(join(tmpdir(), 'qq-user-loaded-'))
    const file = join(this.folder, 'koishi.json')
    const plugins = {
      'http': {},
      'server': { host: '127.0.0.1', port },
      'console': { open: false },
      'config': {},
      'database-sqlite': { path: ':memory:' },
      'adapter-qq': toStandIn(this.platform),
      ...group ? { [`group:${group}`]: { 'qq-user:own': {} } } : { 'qq-user:own': {} },
    }
    await writeFile(file, JSON.stringify({ plugins }))
    this.loader = new InstalledLoader(path)
    await this.loader.init(file)
    await this.loader.readConfig(true)
    this.app = await this.loader.createApp()
    await this.app.start()
    this.loader.list()
    await until(() => this.app.get('console')?.listeners['qq-user/import-chunk'] && this.app.bots.some(bot => bot.isActive))
  }

  async stop() {
    this.loader.freeze()
    // the app's end leaves alone what the loader has loaded
    const { entry } = this.loader
    for (const key of Object.keys(entry!.scope[Loader.kRecord]!)) {
      this.loader.unload(entry!, key)
      // the console looks at what it has left
      await pass()
    }
    await this.app.stop()
    await this.platform.stop()
    await rm(this.folder, { recursive: true, force: true })
  }
}
