/** Rule: the page can be read in both themes and both languages, fits a phone, and needs no mouse. */
import { expect } from 'chai'
import { until } from '../harness'
import { contrast, overflow } from './look'
import { onPage } from './stage'

const tabs = ['overview', 'users', 'broadcasts', 'links', 'texts', 'doctor', 'transfer']

onPage('looks', (stage) => {
  it('speaks English where it should', async () => {
    const page = await stage.open('overview', { locale: 'en-US' })
    for (const tab of tabs) {
      await page.locator(`.tabs a[href$=${tab}]`).click()
      await page.locator('.panel-card, .user-row').first().waitFor()
      const text = await page.locator('.page-qq-user').innerText()
      if (tab !== 'users') expect(text.match(/[\u3000-\u9fff]+/g), tab).to.equal(null)
      expect(text, tab).not.to.match(/\bqq-user\.|[a-z]+\.[a-z]+-[a-z]+/)
    }
    expect(await page.title()).to.include('QQ users')
    expect(await page.locator('.tabs a').allInnerTexts()).to.deep.equal(['Overview', 'Users', 'Broadcasts', 'Links', 'Texts', 'Doctor', 'Import/export'])
  })

  for (const theme of ['light', 'dark'] as const) {
    it(`can be read in a ${theme} theme`, async () => {
      const page = await stage.open('overview', { theme })
      for (const tab of tabs) {
        await page.locator(`.tabs a[href$=${tab}]`).click()
        await page.locator('.panel-card, .user-row').first().waitFor()
        const found = await contrast(page, ['h2', 'dt', 'dd', '.hint', '.status-tag', '.openid .mono', '.tabs a', 'td', 'th', '.label', '.count', 'li p'])
        expect(found.filter(({ ratio }) => ratio < 4.5), tab).to.deep.equal([])
      }
      expect(await page.evaluate('getComputedStyle(document.querySelector(".page-body")).backgroundColor'))
        .to.equal(theme === 'dark' ? 'rgb(30, 30, 32)' : 'rgb(249, 249, 250)')
    })
  }

  for (const locale of ['zh-CN', 'en-US'] as const) {
    it(`fits a phone, in ${locale}`, async () => {
      const page = await stage.open('overview', { width: 390, height: 844, locale })
      for (const tab of tabs) {
        await page.locator(`.tabs a[href$=${tab}]`).click()
        await page.locator('.panel-card, .user-row').first().waitFor()
        await page.waitForLoadState('networkidle')
        expect(await overflow(page), tab).to.deep.equal([])
      }
      await page.locator('.tabs a[href$=users]').click()
      await page.locator('.user-row .name').first().click()
      await page.getByRole('dialog').locator('.ledger-entry').first().waitFor()
      // it slides in
      await until(async () => !(await overflow(page)).length)
    })
  }

  it('needs no mouse', async () => {
    const page = await stage.open('users')
    await page.locator('.user-row').first().waitFor()
    await page.getByRole('textbox', { name: '搜索' }).focus()
    const reached = async () => await page.evaluate('document.activeElement.className') as string
    for (let steps = 0; steps < 8 && !(await reached()).includes('name'); steps++) await page.keyboard.press('Tab')
    expect(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle')).to.equal('solid')
    await page.keyboard.press('Enter')
    const dialog = page.getByRole('dialog')
    await dialog.locator('.ledger-entry').first().waitFor()
    expect(await page.evaluate('!!document.activeElement.closest("[role=dialog]")')).to.equal(true)
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'hidden' })
    const controls = await page.locator('.page-qq-user').locator('input, button, select, textarea').all()
    for (const control of controls) {
      const named = await control.evaluate((element: any) => !!(element.getAttribute('aria-label') || element.innerText?.trim() || element.labels?.length))
      expect(named, await control.evaluate((element: any) => element.outerHTML)).to.equal(true)
    }
  })
})
