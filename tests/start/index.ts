import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { Context, Logger, Time, Universal } from 'koishi'
import { Platform } from '../platform'
import { until } from '../harness'
import { toBot, toConfig, toStandIn } from './config'
import { SourceLoader } from './loader'
import { tell } from './story'
import { watch } from './watch'
import { language, words } from './words'

const logger = new Logger('demo')

Object.assign(Logger.targets[0], { showTime: 'hh:mm:ss' })
Logger.levels.loader = Logger.ERROR

async function start() {
  const real = process.env.QQ_APPID && process.env.QQ_SECRET
  const platform = real ? undefined : await Platform.start()
  const folder = real ? resolve(__dirname, '../../data') : await mkdtemp(join(tmpdir(), 'qq-user-'))
  const loader = new SourceLoader()
  onExit(() => stop(loader, platform, real ? undefined : folder))

  await mkdir(folder, { recursive: true })
  const config = toConfig(platform ? toStandIn(platform) : toBot(process.env), folder, language)
  await writeFile(join(folder, 'koishi.json'), JSON.stringify(config, null, 2))
  await loader.init(join(folder, 'koishi.json'))
  await loader.readConfig(true)

  const app = await loader.createApp()
  await app.start()
  loader.list()
  await until(() => app.server?.port)
  const address = app.server.selfUrl
  if (!platform) {
    watch(app)
    logger.info(words.connecting, address)
    return await online(app)
  }
  logger.info(words.welcome)
  await until(() => app.bots.some(({ status }) => status === Universal.Status.ONLINE))
  await tell(app, platform, address)
}

/** Tells when the bot is there, and what may be wrong when it is not for long. */
async function online(app: Context) {
  const hint = setTimeout(() => logger.warn(words.offline), 15 * Time.second)
  await until(() => app.bots.some(({ status }) => status === Universal.Status.ONLINE), Infinity)
  clearTimeout(hint)
  logger.success(words.waiting)
}

/** Undoes everything, at most for as long as nobody would notice. */
async function stop(loader: SourceLoader, platform: Platform | undefined, temporary: string | undefined) {
  logger.success(words.stopped)
  // an app that is being taken down says much that means nothing
  Logger.targets.splice(0)
  loader.freeze()
  const timeout = setTimeout(() => process.exit(0), 1.5 * Time.second)
  if (loader.app) await takeDown(loader.app)
  await platform?.stop()
  if (temporary) await rm(temporary, { recursive: true, force: true })
  clearTimeout(timeout)
  process.exit(0)
}

async function takeDown(app: Context) {
  // an adapter that is alive when the app stops reconnects for ever
  const adapters = new Set(app.bots.map(bot => bot.ctx.scope))
  adapters.forEach(scope => scope.dispose())
  await app.stop().catch(() => {})
}

function onExit(callback: () => Promise<void>) {
  let exit: Promise<void> | undefined
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => exit ??= callback())
  }
  // some shells between npm and this process end without passing the signal on
  const parent = process.ppid
  if (process.env.npm_lifecycle_event) {
    setInterval(() => process.ppid !== parent && (exit ??= callback()), 300).unref()
  }
}

process.on('unhandledRejection', error => logger.warn(error))

start().catch((error) => {
  logger.error(error)
  process.exit(1)
})
