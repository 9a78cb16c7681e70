/** Rule: every database does what the plugin relies on. */
import { Context } from 'koishi'
import { engines } from '../database'
import { reliedOn } from './relied-on'
import { open } from './tables'

for (const engine of engines) {
  (engine.available ? describe : describe.skip)(`what is relied on, on ${engine.name}`, () => {
    let app: Context

    before(async () => {
      await engine.start()
      app = await open(engine.create())
    })

    after(async () => {
      await app.stop()
      await engine.stop()
    })

    beforeEach(async () => {
      await app.database.remove('qq_user', {})
      await app.database.remove('qq_user_event', {})
    })

    for (const [what, check] of reliedOn) it(what, () => check(app.database))
  })
}
