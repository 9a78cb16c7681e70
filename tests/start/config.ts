import { join } from 'node:path'
import { Dict } from 'koishi'
import { Platform } from '../platform'

const intents = 1 << 25 | 1 << 26

/** A real bot, as told by the environment. The values themselves stay out of the config file. */
export function toBot({ QQ_TOKEN, QQ_SANDBOX }: NodeJS.ProcessEnv): Dict {
  return {
    id: fromEnv('QQ_APPID'),
    secret: fromEnv('QQ_SECRET'),
    ...QQ_TOKEN && { token: fromEnv('QQ_TOKEN') },
    sandbox: !!QQ_SANDBOX && !['0', 'false'].includes(QQ_SANDBOX),
    type: 'public',
    authType: 'bearer',
    protocol: 'websocket',
    intents,
  }
}

/** The bot of the stand-in platform. */
export function toStandIn({ appid, token, secret, endpoint }: Platform): Dict {
  return { id: appid, token, secret, endpoint, type: 'public', authType: 'bot', protocol: 'websocket', intents }
}

export function toConfig(bot: Dict, folder: string, language: string) {
  return {
    i18n: { locales: [...new Set([language, 'en-US', 'zh-CN'])] },
    plugins: {
      'http': {},
      'server': { port: 5140, maxPort: 5199 },
      'console': { open: false },
      'config': {},
      'locales': {},
      'database-sqlite': { path: join(folder, 'koishi.db') },
      'adapter-qq': bot,
      'qq-user': {},
    },
  }
}

function fromEnv(name: string) {
  return '$' + `{{ env.${name} }}`
}
