import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

export const root = resolve(__dirname, '..')
export const [english, chinese] = ['README.md', 'README.zh-CN.md'].map(name => readFileSync(join(root, name), 'utf8'))

/** The code of a text in one language. */
export function blocks(text: string, language: string) {
  return [...text.matchAll(new RegExp('^```' + language + '\\n([\\s\\S]*?)^```$', 'gm'))].map(([, code]) => code)
}
