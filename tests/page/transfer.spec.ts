/** Rule: the page exports users and history, imports after a dry run only, and tells the bad lines. */
import { readFile } from 'node:fs/promises'
import { expect } from 'chai'
import { Time } from 'koishi'
import { parse } from '../console/csv'
import { choose } from './look'
import { toOpenid } from './people'
import { onPage } from './stage'

onPage('export and import', (stage) => {
  it('exports users and history', async () => {
    const page = await stage.open('transfer')
    const save = async () => {
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: '导出', exact: true }).click(),
      ])
      const lines = parse(await readFile(await download.path(), 'utf8'))
      await page.getByText(`导出完成，共 ${lines.length} 行。`).waitFor()
      return lines
    }
    const users = await save()
    expect(users.length).to.equal(await stage.count({}))
    expect(users.find(({ openid }) => openid === toOpenid(0))).to.include({ bot: stage.site.platform.selfId, name: '林小满', relation: 'friend' })
    await choose(page, '关系', '已删除')
    expect((await save()).every(({ relation }) => relation === 'deleted')).to.equal(true)
    await page.getByText('历史记录', { exact: true }).click()
    await page.getByLabel('开始日期').fill(new Date(Date.now() - 3 * Time.day).toISOString().slice(0, 10))
    const entries = await save()
    expect(entries.length).to.be.above(0)
    expect(entries.every(({ occurred_at: at }) => +new Date(at) > Date.now() - 4 * Time.day)).to.equal(true)
  })

  it('imports after a dry run only, and tells the bad lines', async () => {
    const page = await stage.open('transfer')
    await page.locator('input[type=file]').setInputFiles({
      name: 'users.csv',
      mimeType: 'text/csv',
      buffer: Buffer.from(`openid,first_seen,name\nIMPORTED1,2025-01-01,甲\n${toOpenid(0)},2025-01-01,\nIMPORTED2,soon,\n,2025-01-01,\n`),
    })
    const real = page.getByRole('button', { name: '正式导入' })
    expect(await real.isDisabled()).to.equal(true)
    await page.getByRole('button', { name: '试运行' }).click()
    await page.getByText('试运行结果').waitFor()
    expect(await page.locator('.import-result dd').allInnerTexts()).to.deep.equal(['4', '1', '1', '2'])
    expect(await page.locator('.import-result tbody tr').allInnerTexts()).to.deep.equal(['4\tfirst_seen\tsoon', '5\topenid\t（空）'])
    expect(await stage.count({ search: 'IMPORTED' })).to.equal(0)
    await real.click()
    await page.getByText('导入完成').waitFor()
    expect(await stage.count({ search: 'IMPORTED' })).to.equal(1)
    expect(await real.isDisabled()).to.equal(true)
    await page.locator('input[type=file]').setInputFiles({ name: 'gbk.csv', mimeType: 'text/csv', buffer: Buffer.from([0xc4, 0xe3, 0x2c]) })
    await page.getByRole('button', { name: '试运行' }).click()
    await page.getByText('文件不是 UTF-8 编码').waitFor()
  })
})
