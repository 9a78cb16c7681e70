import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Time } from 'koishi'
import { Platform } from '../platform'
import { Dice } from '../random'
import { readTables } from './file'
import { Bot, clean } from './process'

/* eslint-disable no-console */

interface Sample {
  minutes: number
  heap: number
  rss: number
}

/** By least squares, in MiB an hour. */
function slope(samples: Sample[], key: 'heap' | 'rss') {
  const mean = (key: keyof Sample) => samples.reduce((sum, sample) => sum + sample[key], 0) / samples.length
  const [x, y] = [mean('minutes'), mean(key)]
  const above = samples.reduce((sum, sample) => sum + (sample.minutes - x) * (sample[key] - y), 0)
  const below = samples.reduce((sum, { minutes }) => sum + (minutes - x) ** 2, 0)
  return (above / below * 60).toFixed(2)
}

/** A bot in a process of its own, at a steady rate for a long time. */
async function soak(minutes: number, rate: number) {
  const dice = new Dice()
  console.log('seed %d: %d minutes, %d events a second', dice.seed, minutes, rate)
  const folder = await mkdtemp(join(tmpdir(), 'qq-user-soak-'))
  const path = join(folder, 'koishi.db')
  const platform = await Platform.start({ limits: { botSecond: Infinity, userMinute: Infinity, userDay: Infinity } })
  const bot = await Bot.start(platform, { store: { path } })
  await bot.online()
  const users = Array.from({ length: 2000 }, (_, index) => `U${index}`)
  const acts = [
    (user: string) => platform.add(user),
    (user: string) => platform.remove(user),
    (user: string) => platform.reject(user, { via: 'interaction' }),
    (user: string) => platform.allow(user),
    (user: string) => platform.message(user),
  ]
  const samples: Sample[] = []
  const start = performance.now()
  const elapsed = () => (performance.now() - start) / Time.minute
  let told = 0
  let messages = 0
  while (elapsed() < minutes && !bot.dead) {
    for (const due = elapsed() * 60 * rate; told < due; told++) {
      const act = dice.pick(acts)
      messages += +(act === acts.at(-1))
      act(dice.pick(users))
    }
    await sleep(20)
    if (elapsed() < (samples.length + 1) / 6) continue
    const { heap, rss } = await bot.measure()
    samples.push({ minutes: elapsed(), heap, rss })
    // what waits takes memory, and means that the machine is too slow for this rate
    const behind = told - messages - bot.announced.length
    console.log('%s min: %s MiB heap, %s MiB in all, %d events, %d behind', elapsed().toFixed(1), heap.toFixed(1), rss.toFixed(1), told, behind)
  }
  const events = told - messages
  await bot.until(({ announced }) => announced.length >= events)
  const state = bot.dead ? 'DEAD' : 'alive'
  await clean()
  const { integrity, ledger } = await readTables(path)
  const outcomes = new Map<string, number>()
  for (const { notice, noticeReason } of ledger) outcomes.set(`${notice} ${noticeReason}`, (outcomes.get(`${notice} ${noticeReason}`) ?? 0) + 1)
  console.log('notices: %s', [...outcomes].map(([outcome, count]) => `${count} ${outcome}`.trim()).join(', '))
  // caches fill in the beginning
  const late = samples.filter(sample => sample.minutes > minutes / 3)
  const { announced } = bot
  console.log('%s; %d events and %d messages, %d announced, %d on record, file %s', state, events, messages, announced.length, ledger.length, integrity)
  console.log('slope over the last two thirds: heap %s MiB/h, in all %s MiB/h', slope(late, 'heap'), slope(late, 'rss'))
  await platform.stop()
  await rm(folder, { recursive: true })
}

const [minutes = 10, rate = 20] = process.argv.slice(2).map(Number)
soak(minutes, rate)
