/** Rule: the panel of the overview shows the numbers of all bots, or of one. */
import { expect } from 'chai'
import { until } from '../harness'
import { choose } from './look'
import { onPage } from './stage'

onPage('overview', (stage) => {
  it('shows the numbers, of all bots or of one', async () => {
    const page = await stage.open('overview')
    await until(async () => await page.locator('.trend svg').count() === 2)
    expect(await page.locator('.totals .friends dd').innerText()).to.equal(String(await stage.count({ relation: 'friend' })))
    expect(await page.locator('.totals .deleted dd').innerText()).to.equal(String(await stage.count({ relation: 'deleted' })))
    expect(await page.locator('.movement').first().innerText()).to.match(/新增好友[^]*今日[^]*近 7 天[^]*比前 7 天多/)
    expect(await page.locator('.bar-list').first().innerText()).to.match(/推广链接（QQ 内）[^]*搜索/)
    expect(await page.locator('.bar-list').last().innerText()).to.include('spring-sale')
    await page.getByText('查看数据').click()
    expect(await page.locator('.day-table tbody tr').count()).to.equal(30)
    await choose(page, '时间范围', '最近 7 天')
    await until(async () => await page.locator('.day-table tbody tr').count() === 7)
    await choose(page, '机器人', 'second')
    await page.getByText('还没有用户。有人添加机器人').waitFor()
    await choose(page, '机器人', 'first')
    await page.locator('.totals').waitFor()
  })
})
