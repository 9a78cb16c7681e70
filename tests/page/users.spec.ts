/** Rule: the list of users can be filtered, searched, sorted and paged, and stays true while it is looked at. */
import { expect } from 'chai'
import { until } from '../harness'
import { choose, rows } from './look'
import { toOpenid } from './people'
import { onPage } from './stage'

onPage('users', (stage) => {
  it('filters, searches, sorts and pages through the users', async () => {
    const page = await stage.open('users')
    await page.locator('.user-row').first().waitFor()
    const seen = [await rows(page)]
    for (let number = 2; number <= 3; number++) {
      await page.getByRole('button', { name: '下一页' }).click()
      await page.getByText(`第 ${number} 页`).waitFor()
      await page.locator('.user-table:not(.stale)').waitFor()
      seen.push(await rows(page))
    }
    expect(seen.map(({ length }) => length)).to.deep.equal([20, 20, 5])
    expect(seen.flat()).to.deep.equal(Array.from({ length: 45 }, (_, number) => toOpenid(number)))
    expect(await page.getByRole('button', { name: '下一页' }).isDisabled()).to.equal(true)
    await page.getByRole('button', { name: '上一页' }).click()
    await until(async () => (await rows(page))[0] === toOpenid(20))

    await choose(page, '关系', '已删除')
    await page.getByText(`共 ${await stage.count({ relation: 'deleted' })} 人`).waitFor()
    expect(new Set(await page.locator('.user-row td:nth-child(2)').allInnerTexts())).to.deep.equal(new Set(['已删除']))
    await choose(page, '关系', '全部关系')
    await choose(page, '推送开关', '拒绝推送')
    await page.getByText(`共 ${await stage.count({ consent: 'rejected' })} 人`).waitFor()
    await choose(page, '推送开关', '全部开关状态')

    const search = page.getByRole('textbox', { name: '搜索' })
    await search.fill(toOpenid(7).slice(0, 6))
    await until(async () => (await rows(page)).join() === toOpenid(7))
    await search.fill('林小满')
    await page.getByText('共 2 人').waitFor()
    await search.fill('nobody')
    await page.getByText('没有符合条件的用户').waitFor()
    await page.getByRole('button', { name: '清除筛选' }).click()
    await page.getByText('共 45 人').waitFor()

    await choose(page, '排序', '按最近消息')
    const { app, platform: { selfId } } = stage.site.harness
    const [first] = await app.database.get('qq_user', { selfId }, { sort: { lastMessageAt: 'desc' }, limit: 1 })
    await until(async () => (await rows(page))[0] === first.userId)
  })

  it('stays true while it is looked at, whatever users are called', async () => {
    const page = await stage.open('users')
    await page.locator('.user-row').first().waitFor()
    const name = '<img src=x onerror="hacked=1">'
    stage.site.platform.message('NEWCOMER', 'hello', { username: name })
    await until(async () => (await rows(page))[0] === 'NEWCOMER')
    expect(await page.locator('.user-row .name').first().innerText()).to.equal(name)
    expect(await page.evaluate('window.hacked')).to.equal(undefined)
    await page.getByText('共 46 人').waitFor()
    stage.site.platform.reject(toOpenid(4))
    await page.locator('.user-row', { hasText: toOpenid(4) }).getByText('拒绝推送').waitFor()

    await page.getByRole('button', { name: '下一页' }).click()
    await page.getByText('第 2 页').waitFor()
    await page.locator('.user-table:not(.stale)').waitFor()
    stage.site.platform.add('LATECOMER', { scene: 1001 })
    await page.getByText('有 1 名新用户').waitFor()
    await page.getByRole('button', { name: '查看' }).click()
    await until(async () => (await rows(page)).includes('LATECOMER'))
  })

  it('copies an openid', async () => {
    const page = await stage.open('users')
    await page.evaluate('document.execCommand = () => (window.copied = document.activeElement.value, true); delete Navigator.prototype.clipboard')
    await page.getByRole('button', { name: '复制 openid' }).first().click()
    expect(await page.evaluate('window.copied')).to.equal((await rows(page))[0])
    await page.getByRole('button', { name: '已复制' }).waitFor()
    expect(page.url()).to.match(/users$/)
  })
})
