/** @returns for how long it kept the event loop to itself, in ms of CPU time; 0 if others had their turn in between */
export async function occupy(callback: () => Promise<unknown>) {
  const start = process.cpuUsage()
  let shared = false
  setImmediate(() => { shared = true })
  await callback()
  const { user, system } = process.cpuUsage(start)
  return shared ? 0 : (user + system) / 1000
}
