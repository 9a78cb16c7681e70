import { once } from 'node:events'
import { createServer } from 'node:net'

// below those that a system hands out by itself, else whatever connects meanwhile may get one
const FIRST = 10_000
const SHARE = 100
const SHARES = 220

// processes that run at the same time look at different ones
const first = FIRST + process.pid % SHARES * SHARE
let next = 0

/** A port of 127.0.0.1 for a server that starts later, or starts again. */
export async function freePort() {
  for (let tries = 0; tries < SHARE; tries++) {
    const port = first + next++ % SHARE
    if (await isFree(port)) return port
  }
  throw new Error(`no free port from ${first} on`)
}

async function isFree(port: number) {
  const server = createServer().listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch {
    return false
  }
  server.close()
  await once(server, 'close')
  return true
}
