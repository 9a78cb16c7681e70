import { Time } from 'koishi'
import { Harness, until } from '../harness'
import { Platform } from '../platform'

/** As long as the platform's own. */
export function toOpenid(number: number) {
  return (0x9e3779b97f4a7c15n * BigInt(number + 1) % (1n << 64n)).toString(16).padStart(16, '0').repeat(2).toUpperCase()
}

const names = [
  '林小满', '阿杰', '陈一诺', 'Momo', '周末去爬山', '苏打水', '小鹿', '南风', '橘子汽水', '江屿', 'Lynn', '白昼', '何以', '鱼丸', '北川',
  '大力', '桃桃', '予安', 'Kiki', '夏至',
]

const scenes = [2003, 2003, 2003, 1001, 1001, 1002, 1003, 2001, 1000, 2004]

const params = ['spring-sale', 'poster-07', 'newsletter']

/** Lets users come, go and change their minds, over the last month and without leaving anything to chance. */
export async function populate({ app }: Harness, platform: Platform, count: number, waits = 20_000) {
  const now = Date.now()
  let events = 0
  for (let number = count - 1; number >= 0; number--) {
    const openid = toOpenid(number)
    // more of them lately
    const at = (days: number) => Math.floor((now - days * Time.day) / 1000) * 1000 - number * 1000
    const since = 29 * (number / count) ** 1.6 + 0.02
    const scene = scenes[number % scenes.length]
    platform.add(openid, { scene, ...scene >= 2003 && { sceneParam: params[number % 4 % 3] }, timestamp: at(since) })
    events++
    if (number % 3 < 2) platform.message(openid, 'hello', { username: names[number % names.length], timestamp: at(since * 0.6) })
    if (number % 4 === 1) events += platform.reject(openid, { timestamp: at(since * 0.5) }) ? 1 : 0
    if (number % 8 === 1) events += platform.allow(openid, { via: 'interaction', timestamp: at(since * 0.3) }) ? 1 : 0
    if (number % 9 === 5) events += platform.remove(openid, { timestamp: at(since * 0.2) }) ? 1 : 0
  }
  const { selfId } = platform
  await until(async () => (await app.database.get('qq_user_event', { selfId }, ['id'])).length >= events, waits)
  await until(async () => !(await app.database.get('qq_user_event', { selfId, notice: 'pending' }, ['id'])).length, waits)
}
