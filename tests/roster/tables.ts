import { Context } from 'koishi'
import { Engine } from '../database'
import { extendModel, QQUser, QQUserEntry } from '../../src/model'
import { blank } from '../../src/roster/state'

const time = Date.UTC(2026, 0, 1)

export const day = (n: number) => new Date(time + n * 86_400_000)

/** An app with the plugin's tables and nothing else. */
export async function open(load: ReturnType<Engine['create']>) {
  const app = new Context()
  load(app)
  await app.start()
  extendModel(app)
  await app.database.prepared()
  return app
}

export function user(userId: string, rest: Partial<QQUser> = {}): QQUser {
  return { ...blank({ selfId: '100', userId, occurredAt: time }), ...rest }
}

export function entry(id: string, rest: Partial<QQUserEntry> = {}): QQUserEntry {
  return {
    id,
    selfId: '100',
    userId: 'U',
    type: 'friend-added',
    source: 'friend-add',
    occurredAt: new Date(time),
    receivedAt: new Date(time + 50),
    applied: true,
    weak: false,
    notice: 'pending',
    noticeReason: '',
    origin: 'process1',
    ...rest,
  }
}
