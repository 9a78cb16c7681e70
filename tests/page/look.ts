import { Page } from 'playwright-core'

/** Chooses from a list that drops down. */
export async function choose(page: Page, label: string, option: string) {
  await page.locator('.el-select', { has: page.getByRole('combobox', { name: label, exact: true }) }).locator('visible=true').first().click()
  await page.locator('.el-select-dropdown__item:visible', { hasText: option }).first().click()
}

/** The openids of the rows. */
export function rows(page: Page) {
  return page.locator('.user-row .openid .mono').allInnerTexts()
}

/** How well texts stand out against what is behind them, as WCAG has it. */
export function contrast(page: Page, selectors: string[]): Promise<{ text: string; ratio: number }[]> {
  return page.evaluate((selectors) => {
    const parse = (color: string) => {
      const [r, g, b, a = 1] = color.match(/[\d.]+/g)!.map(Number)
      return [r, g, b, a]
    }
    const blend = (top: number[], bottom: number[]) => [0, 1, 2].map(i => top[i] * top[3] + bottom[i] * (1 - top[3])).concat(1)
    const luminance = (color: number[]) => {
      const [r, g, b] = color.slice(0, 3).map(value => value / 255).map(value => value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4)
      return 0.2126 * r + 0.7152 * g + 0.0722 * b
    }
    const behind = (element: Element | null): number[] => {
      if (!element) return [255, 255, 255, 1]
      const color = parse(getComputedStyle(element).backgroundColor)
      return color[3] === 1 ? color : blend(color, behind(element.parentElement))
    }
    const elements = [...document.querySelectorAll<HTMLElement>('.page-qq-user *')]
      .filter(element => selectors.some(selector => element.matches(selector)) && element.offsetParent && element.innerText.trim())
    return elements.map((element) => {
      const background = behind(element)
      const [light, dark] = [blend(parse(getComputedStyle(element).color), background), background].map(luminance).sort((a, b) => b - a)
      return { text: `${element.className} ${element.innerText.slice(0, 40)}`, ratio: (light + 0.05) / (dark + 0.05) }
    })
  }, selectors)
}

/** What sticks out of the window, to the right. */
export function overflow(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const width = window.innerWidth
    const scrolls = (element: Element) => element.closest('.tabs, .scroll, .sr-only, thead, .el-select-dropdown')
    const found = [...document.querySelectorAll<HTMLElement>('.page-qq-user *, .qq-user-drawer *')]
      .filter(element => element.offsetParent && !scrolls(element) && element.getBoundingClientRect().right > width + 1)
      .map(element => `${element.tagName} ${element.className}`)
    const panels = [...document.querySelectorAll('.el-scrollbar__wrap, .el-drawer__body')]
      .filter(element => element.clientWidth && !scrolls(element) && element.scrollWidth > element.clientWidth)
      .map(element => `${element.className} scrolls`)
    return [...found, ...panels, ...document.documentElement.scrollWidth > width ? ['the window scrolls'] : []]
  })
}
