import { Time } from 'koishi'

/** After how long (ms) a database does not answer, as where another session holds a lock. */
export const HANGING = 10 * Time.second

/**
 * Waits for an answer, unless it does not come and others need not wait for it.
 *
 * @param mayPass asked whenever so long (ms) has passed
 * @returns whether others go on
 */
export async function outlast(answer: Promise<unknown>, mayPass: () => Promise<boolean>, interval = HANGING): Promise<boolean> {
  let timer: NodeJS.Timeout
  let answered = false
  const others = new Promise<true>((resolve) => {
    const wait = () => { timer = setTimeout(look, interval) }
    const look = async () => {
      if (await mayPass()) resolve(true)
      else if (!answered) wait()
    }
    wait()
  })
  try {
    return await Promise.race([answer.then(() => false), others])
  } finally {
    answered = true
    clearTimeout(timer!)
  }
}
