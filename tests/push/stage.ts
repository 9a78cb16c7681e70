import { expect } from 'chai'
import { Time } from 'koishi'
import { PushError } from '../../src'
import { HarnessOptions, silent, until } from '../harness'
import { start as begin, harness, platform } from '../stage'

export * from '../stage'

export function start({ config, ...options }: HarnessOptions = {}) {
  return begin({ config: { ...silent, ...config }, ...options })
}

/** Lets users add the bot, and waits until plugins are told. */
export async function befriend(...ids: string[]) {
  for (const id of ids) platform.add(id, { timestamp: Date.now() - Time.minute })
  await until(() => ids.every(id => harness.sessions.some(({ userId }) => userId === id)))
}

export async function refuse(id: string) {
  platform.reject(id)
  await until(async () => (await harness.app.qqUser.get(platform.selfId, id))?.consent === 'rejected')
}

/** What a push failed with. */
export async function refusal(promise: Promise<unknown>) {
  const error = await promise.then(() => undefined, error => error)
  expect(error).to.be.instanceOf(PushError)
  const { reason, code, retryable } = error as PushError
  return { reason, code, retryable }
}

/** The reads of the plugin's tables from now on. */
export function watchReads() {
  const driver = harness.app.database.drivers[0] as any
  const { get } = driver
  const reads: string[] = []
  driver.get = (sel: { table: string }) => {
    if (String(sel.table).startsWith('qq_')) reads.push(sel.table)
    return get.call(driver, sel)
  }
  return reads
}
