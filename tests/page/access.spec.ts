/** Rule: a browser that is not logged in sees nothing of the page. */
import { expect } from 'chai'
import { pass, until } from '../harness'
import { rows } from './look'
import { onPage } from './stage'

onPage('access', (stage) => {
  it('tells nothing to those who are not logged in', async () => {
    const guarded = await stage.build({ auth: true, names: ['SECRET'] })
    try {
      guarded.platform.add('SECRET1', { scene: 1001 })
      await until(() => guarded.harness.app.qqUser.get(guarded.platform.selfId, 'SECRET1'))
      const page = await stage.browse()
      const frames: string[] = []
      page.on('websocket', socket => socket.on('framereceived', ({ payload }) => { frames.push(String(payload)) }))
      // where the console leads to, now and after the login, depends on which plugin's page it knows first
      const activity = (path: string) => page.locator(`.layout-activity a[href^="${path}"]`)
      await page.goto(`${guarded.url}/qq-user/users`)
      await activity('/login').click()
      await page.getByPlaceholder('用户名').waitFor()
      guarded.platform.add('SECRET2', { scene: 1001 })
      await until(() => guarded.harness.app.qqUser.get(guarded.platform.selfId, 'SECRET2'))
      await pass()
      expect(await page.locator('.page-qq-user').count()).to.equal(0)
      expect(frames.join('\n')).not.to.match(/SECRET/)
      expect(frames.join('\n')).not.to.include(guarded.platform.selfId)

      await page.getByPlaceholder('用户名').fill('admin')
      await page.getByPlaceholder('密码').fill('secret')
      await page.locator('.login-form').getByText('登录', { exact: true }).click()
      await page.waitForURL(url => url.pathname !== '/login')
      await activity('/qq-user').click()
      // away from its tooltip
      await page.mouse.move(640, 400)
      await page.locator('.tabs a[href$=users]').click()
      await until(async () => (await rows(page)).join() === 'SECRET2,SECRET1')
    } finally {
      await guarded.stop()
    }
  })
})
