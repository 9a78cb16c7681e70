import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Memory } from './report'

/** What this process holds, garbage not counted. */
export function measure(): Memory {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
  const { heapUsed, rss } = process.memoryUsage()
  return { heap: heapUsed / 2 ** 20, rss: rss / 2 ** 20 }
}
