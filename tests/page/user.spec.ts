/** Rule: the panel of a user follows what happens to them, tells what became of a test message, and erases only after asking. */
import { expect } from 'chai'
import { until } from '../harness'
import { rows } from './look'
import { toOpenid } from './people'
import { onPage } from './stage'

onPage('one user', (stage) => {
  it('shows a user, and follows what happens to them', async () => {
    const openid = toOpenid(1)
    const page = await stage.open('users')
    await page.locator('.user-row', { hasText: openid }).click()
    const drawer = page.getByRole('dialog')
    await drawer.locator('.ledger-entry').first().waitFor()
    expect(page.url()).to.include(openid)
    const entries = (await drawer.locator('.ledger-entry').allInnerTexts()).map(text => text.split('\n'))
    for (const [, time] of entries) expect(time).to.match(/^\d{4}年\d{1,2}月\d{1,2}日 \d\d:\d\d:\d\d$/)
    expect(entries.map(lines => lines.filter(line => !/\d\d:\d\d:\d\d/.test(line)))).to.deep.equal([
      ['开启主动消息', '途径：授权交互', '通知已发送'],
      ['关闭主动消息', '途径：资料卡开关', '通知失败', '文案有误'],
      ['成为好友', '途径：添加事件', '通知已发送'],
    ])
    await drawer.getByText('现在可以主动发送消息').waitFor()
    stage.site.platform.remove(openid)
    await drawer.getByText('现在不能主动发送消息').waitFor()
    await drawer.locator('.ledger-entry', { hasText: '删除机器人' }).first().waitFor()
    stage.site.platform.add(openid)
    await drawer.getByText('现在可以主动发送消息').waitFor()
    await page.keyboard.press('Escape')
    await until(() => page.url().endsWith('/qq-user/users'))
  })

  it('does not lie over other pages', async () => {
    const page = await stage.browse(stage.site.url)
    await page.locator('.layout-activity a[href^="/qq-user"]').click()
    // away from its tooltip
    await page.mouse.move(640, 400)
    await page.locator('.tabs a[href$=users]').click()
    await page.locator('.user-row').first().click()
    const drawer = page.getByRole('dialog')
    await drawer.locator('.ledger-entry').first().waitFor()
    for (let steps = 0; steps < 3; steps++) await page.goBack()
    await drawer.waitFor({ state: 'hidden' })
    expect(new URL(page.url()).pathname).to.equal('/')
  })

  it('sends a test message, and tells what became of it', async () => {
    const { platform } = stage.site
    const page = await stage.open(`users/${platform.selfId}/${toOpenid(2)}`)
    const input = page.getByRole('textbox', { name: '消息内容' })
    await input.fill('测试 <b>1</b>')
    await page.getByRole('button', { name: '发送' }).click()
    await page.getByText('已发送。').waitFor()
    expect(platform.accepted(toOpenid(2)).at(-1)!.body.content).to.include('1')
    platform.fail({ code: 40034006 })
    await input.fill('别的内容')
    await page.getByRole('button', { name: '发送' }).click()
    await page.getByText('未发送：平台拒绝了这条消息').waitFor()
    await page.getByText('平台错误码 40034006').waitFor()
    platform.reject(toOpenid(2))
    await page.getByRole('dialog').getByText('现在不能主动发送消息').waitFor()
    const before = platform.posts.length
    await page.getByRole('button', { name: '发送' }).click()
    await page.getByText('未发送：用户拒绝主动消息').waitFor()
    expect(platform.posts.slice(before).filter(({ body }) => JSON.stringify(body).includes('别的内容'))).to.deep.equal([])
  })

  it('erases a user, but not without asking', async () => {
    const openid = toOpenid(3)
    const page = await stage.open(`users/${stage.site.platform.selfId}/${openid}`)
    const erase = page.getByRole('button', { name: '清除记录' })
    await erase.click()
    await page.locator('.el-message-box').getByRole('button', { name: '取消' }).click()
    expect(await stage.count({ search: openid })).to.equal(1)
    await erase.click()
    await page.locator('.el-message-box').getByRole('button', { name: '清除' }).click()
    await until(() => page.url().endsWith('/qq-user/users'))
    expect(await stage.count({ search: openid })).to.equal(0)
    await until(async () => !(await rows(page)).includes(openid))
  })
})
