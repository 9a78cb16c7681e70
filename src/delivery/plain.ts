import { h } from 'koishi'

const buttons = /button|keyboard/
const markdown = /markdown/

/** The message without buttons and markdown; nothing if it has none of them, or nothing else. */
export function toPlain(elements: h[]): h[] | undefined {
  let found = false
  const strip = (elements: h[]): h[] => elements.flatMap(({ type, attrs, children }) => {
    if (buttons.test(type)) {
      found = true
      return []
    }
    const rest = strip(children)
    if (!markdown.test(type)) return h(type, attrs, rest)
    found = true
    return typeof attrs.content === 'string' ? [h.text(attrs.content), ...rest] : rest
  })
  const plain = strip(elements)
  return found && plain.join('').trim() ? plain : undefined
}
