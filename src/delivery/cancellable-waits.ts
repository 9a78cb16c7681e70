import { Context } from 'koishi'
import { onAbort } from '../shared/on-abort'
import { StoppedError } from './objections'

/** Calls off what is waited for. */
type Cancel = () => void

/** All waiting of one instance of the plugin: it ends with what is waited for, with the caller's signal, or with the instance. */
export class CancellableWaits {
  private waiting = new Set<Cancel>()
  private over = false

  constructor(ctx: Context) {
    ctx.on('dispose', () => this.end())
  }

  /** Lets nobody wait any longer, as when the plugin is unloaded. */
  end() {
    this.over = true
    for (const end of [...this.waiting]) end()
  }

  /** Whether the plugin was unloaded. */
  get ended() {
    return this.over
  }

  /**
   * @param start is given what ends the wait, and hands back what calls it off
   * @throws StoppedError `aborted`
   */
  wait<T>(start: (resolve: (value: T) => void, reject: (error: unknown) => void) => Cancel, signal?: AbortSignal): Promise<T> {
    if (this.over || signal?.aborted) return Promise.reject(new StoppedError('aborted'))
    return new Promise<T>((resolve, reject) => {
      const done = () => {
        this.waiting.delete(end)
        unlisten()
      }
      const end = () => {
        done()
        cancel()
        reject(new StoppedError('aborted'))
      }
      this.waiting.add(end)
      const unlisten = onAbort(signal, end)
      const cancel = start((value) => {
        done()
        resolve(value)
      }, (error) => {
        done()
        reject(error)
      })
    })
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return this.wait<void>((resolve) => {
      const timer = setTimeout(resolve, ms)
      return () => clearTimeout(timer)
    }, signal)
  }

  /** Waits for something that goes on by itself when nobody waits for it any more. */
  race<T>(promise: Promise<T>, signal?: AbortSignal): Promise<T> {
    // nobody may be left to hear of it
    promise.catch(() => {})
    return this.wait<T>((resolve, reject) => {
      promise.then(resolve, reject)
      return () => {}
    }, signal)
  }
}

/** Thrown in place of an answer that nobody waits for any longer. */
export class AbortedError extends Error {
  constructor() {
    super('no answer in time')
  }
}

/** Waits for something that goes on by itself, unless the signal comes first. */
export async function unlessAborted<T>(promise: Promise<T>, signal?: AbortSignal): Promise<T> {
  if (!signal) return promise
  let unlisten!: () => void
  const aborted = new Promise<never>((resolve, reject) => unlisten = onAbort(signal, () => reject(new AbortedError())))
  return Promise.race([promise, aborted]).finally(unlisten)
}
