/** Rule: the panel of texts shows the notices as a user gets them, sends them, and leads to where they are written. */
import { expect } from 'chai'
import { until } from '../harness'
import { choose } from './look'
import { toOpenid } from './people'
import { onPage } from './stage'

onPage('texts', (stage) => {
  for (const group of [undefined, 'bots']) {
    it(`leads to where they are written${group ? ', in a group, too' : ''}`, async () => {
      const loaded = await stage.load(group)
      try {
        const page = await stage.browse(`${loaded.url}/qq-user/texts`)
        await page.getByRole('link', { name: '修改文案' }).click()
        await page.getByText('qq-user [own]').first().waitFor()
        await page.getByRole('heading', { name: '关闭主动消息后的回复' }).waitFor()
      } finally {
        await loaded.stop()
      }
    })
  }

  it('shows the texts as a user gets them, and sends them', async () => {
    const page = await stage.open('texts')
    await page.getByText('请选择一名用户。').waitFor()
    const picker = page.getByRole('combobox', { name: '预览对象' })
    await picker.fill('林小满')
    await page.locator('.el-select-dropdown__item:visible', { hasText: toOpenid(0) }).click()
    const [icebreaker, allowed, rejected] = await page.locator('.notices .panel-card').all()
    await icebreaker.getByText('Hello, 林小满!').waitFor()
    expect(await icebreaker.locator('.bubble code').innerText()).to.equal(`<at id="${toOpenid(0)}"/>`)
    await rejected.getByText('这段文案有误，不会发送。').waitFor()
    expect(await rejected.locator('mark').innerText()).to.equal('{user.nick}')
    expect(await rejected.innerText()).to.include('第 14 个字符')
    expect(await rejected.getByRole('button').count()).to.equal(0)
    const chinese = await allowed.locator('.bubble').innerText()
    await choose(page, '用户语言', 'English')
    await until(async () => await allowed.locator('.bubble').innerText() !== chinese)
    const text = await allowed.locator('.bubble').innerText()
    await allowed.getByRole('button', { name: '发送给该用户' }).click()
    await page.locator('.el-message-box').getByRole('button', { name: '发送' }).click()
    await allowed.getByText('已发送。').waitFor()
    expect(stage.site.platform.accepted(toOpenid(0)).at(-1)!.body.content).to.equal(text)
  })
})
