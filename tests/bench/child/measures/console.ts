import Console from '@koishijs/plugin-console'
import { Server } from '@koishijs/plugin-server'
import { freePort } from '../../../ports'
import { until } from '../../../harness'
import type { Side } from '../app'

/** Opens the console. @returns its port */
export async function openConsole({ app }: Side) {
  const port = await freePort()
  app.plugin(Server as never, { host: '127.0.0.1', port } as never)
  app.plugin(Console as never, { open: false } as never)
  await until(() => app.server?.port && app.get('console')?.listeners['qq-user/import-chunk'])
  return port
}
