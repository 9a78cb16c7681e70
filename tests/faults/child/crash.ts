import { writeSync } from 'node:fs'
import { loadStore } from './store'
import { Harness } from '../../harness'
import { Platform } from '../../platform'

/** Where to die: after the commit, after the notice was taken on, or not at all. */
const [point, store, address] = process.argv.slice(2)

// whoever started this is gone
process.on('disconnect', () => process.exit())

const die = () => process.kill(process.pid, 'SIGKILL')

Harness.start({
  platform: { ...JSON.parse(address), connected: async () => {} } as Platform,
  database: app => loadStore(app, JSON.parse(store)),
  prepare(app) {
    if (point === 'committed') app.on('friend-added', die)
    if (point === 'claimed') app.on('http/fetch-init', url => { if (url.pathname.endsWith('/messages')) die() })
  },
}).then(() => writeSync(1, 'online\n'))
