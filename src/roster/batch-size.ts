/** The more writes share a batch, the fewer answers of a server there are to wait for, and the longer what is urgent waits. */
const SIZE = { min: 16, initial: 16, max: 300 }
/** For how long a batch may keep the event loop to itself, in ms, as it does where the database runs within this process. */
const PACE = 25

/** How many writes share a batch: as many as the event loop bears. */
export class BatchSize {
  current = SIZE.initial

  /** Carries out a batch of so many, and learns from it if it is full. */
  async try(count: number, commit: () => Promise<unknown>) {
    if (count < this.current) {
      await commit()
      return
    }
    const factor = await occupy(commit) > PACE ? 0.5 : 2
    this.current = Math.max(SIZE.min, Math.min(SIZE.max, Math.floor(this.current * factor)))
  }

  /** Begins small again. */
  shrink() {
    this.current = SIZE.min
  }
}

/** @returns for how long it kept the event loop to itself, in ms of CPU time; 0 if others had their turn in between */
async function occupy(callback: () => Promise<unknown>) {
  const start = process.cpuUsage()
  let shared = false
  setImmediate(() => { shared = true })
  await callback()
  const { user, system } = process.cpuUsage(start)
  return shared ? 0 : (user + system) / 1000
}
