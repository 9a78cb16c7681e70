import { expect } from 'chai'
import { Harness, HarnessOptions, silent, until } from '../harness'
import { Platform } from '../platform'

export let harness: Harness
export let platform: Platform

/** A bot with an operator, who writes to it on QQ. */
export async function start({ config, ...options }: HarnessOptions = {}) {
  harness = await Harness.start({ config: { ...silent, ...config }, ...options })
  platform = harness.platform
  // an operator with users in Taiwan adds their language
  harness.app.i18n.locales = { zh: { 'zh-CN': {}, 'zh-TW': {} }, en: { 'en-US': {} }, ja: { 'ja-JP': {} } }
  await enroll('OP', 4)
}

/** Gives somebody on QQ a Koishi account. */
export function enroll(pid: string, authority: number, locale = 'en-US') {
  return harness.enroll(pid, authority, locale)
}

/** Sends a private message to the bot, and waits for its answer. */
export async function ask(content: string, from = 'OP'): Promise<string> {
  const answers = () => platform.posts.filter(({ target, route }) => target === from && route === 'msg')
  const { length } = answers()
  platform.message(from, content)
  await until(() => answers().length > length)
  const { status, body } = answers()[length]
  expect(status).to.equal(200)
  return body.content
}

/** Users who came one after another, the first one first. */
export async function befriend(...ids: string[]) {
  const now = Date.now()
  ids.forEach((id, index) => platform.add(id, { timestamp: now - (ids.length - index) * 1000 }))
  await until(async () => {
    const known = (await harness.users).map(({ userId }) => userId)
    return ids.every(id => known.includes(id))
  })
}

export async function introduce(id: string, username: string) {
  platform.message(id, '...', { username })
  await until(async () => (await harness.app.qqUser.get(platform.selfId, id))?.name === username)
}

export async function consent(id: string, value: 'allowed' | 'rejected') {
  if (value === 'allowed') platform.allow(id)
  else platform.reject(id)
  await until(async () => (await harness.users).some(({ userId, consent }) => userId === id && consent === value))
}

export async function leave(id: string) {
  platform.remove(id)
  await until(async () => (await harness.users).some(({ userId, relation }) => userId === id && relation === 'deleted'))
}

export const pushed = (id: string) => platform.posts.filter(({ target, route }) => target === id && route === 'proactive')
export const text = (locale: string, path: string, params = {}) => harness.app.i18n.render([locale], [path], params).join('')
export const message = (path: string, params = {}) => text('en-US', `commands.qq-user.${path.replace('.', '.messages.')}`, params)
export const noUser = () => text('en-US', 'qq-user.answers.no-user')
export const noBot = () => text('en-US', 'qq-user.answers.no-bot')
