/** Rule: the panel of the doctor says what is wrong, and what to do. */
import { setMaxListeners } from 'node:events'
import { expect } from 'chai'
import { toOpenid } from './people'
import { onPage } from './stage'

onPage('doctor', (stage) => {
  it('says what is wrong, and what to do', async () => {
    stage.site.platform.dispatch('FRIEND_ADD', { openid: '', timestamp: 1 })
    stage.site.platform.fail({ code: 40034006 })
    await stage.site.harness.app.qqUser.push(stage.site.platform.selfId, toOpenid(0), 'x').catch(() => {})
    const page = await stage.open('doctor')
    await page.getByText('收到 1 个格式不正确的事件').waitFor()
    expect(await page.locator('.panel-card', { hasText: '发送被拒' }).innerText()).to.match(/平台不接受该内容[^]*40034006[^]*修改文案/)
    const card = (name: string) => page.locator('.panel-card', { has: page.getByRole('heading', { name, exact: true }) }).innerText()
    expect(await card('未处理的事件')).to.match(/添加机器人\s+字段有误 openid\s+1/)
    expect(await card('机器人')).to.match(/first[^]*在线[^]*second[^]*在线/)
    await page.getByText('数据库正常').waitFor()
    stage.site.platform.latency = 60_000
    const end = new AbortController()
    setMaxListeners(0, end.signal)
    const push = () => stage.site.harness.app.qqUser.push(stage.site.platform.selfId, toOpenid(0), 'x', { signal: end.signal })
    for (let count = 0; count < 52; count++) push().catch(() => {})
    await page.getByRole('button', { name: '刷新' }).click()
    await page.getByText('2 个请求排队中').waitFor()
    end.abort()
    stage.site.platform.latency = 0
    stage.site.second!.drop()
    stage.site.second!.forget()
    await page.getByRole('button', { name: '刷新' }).click()
    await page.getByText(/\d 检查$/).waitFor()
  })
})
