import { h } from 'koishi'
import type { Part } from './parser'

/** How many characters a message may have; the platform refuses more with 40054007. */
export const LIMIT = 4000

const media = ['img', 'image', 'audio', 'video']
/** Elements whose text is sent as it is. What becomes of that of others, of components above all, nobody can tell beforehand. */
const plain = new Set([
  'template', 'p', 'a', 'b', 'strong', 'i', 'em', 'u', 'ins', 's', 'del', 'spl', 'code', 'sup', 'sub', 'h1', 'h2', 'h3', 'at', 'sharp', 'button-group',
])

/** How long the longest of the messages is that elements are sent as. Elements that are no text do not count. */
export function measure(elements: h[]): number {
  let length = 0
  let longest = 0
  const flush = () => length = 0
  const visit = (elements: h[]) => {
    for (const { type, attrs, children } of elements) {
      if (type === 'text') {
        length += String(attrs.content).length
      } else if (type === 'br') {
        length++
      } else if (media.includes(type) && (attrs.src || attrs.url)) {
        flush()
      } else if (type === 'message') {
        flush()
        visit(children)
        longest = Math.max(longest, length)
        flush()
      } else if (plain.has(type)) {
        visit(children)
      }
      longest = Math.max(longest, length)
    }
  }
  visit(elements)
  return longest
}

/** Where a text gets longer than a message may be, on whatever way through it, variables not counted. */
export function findExcess(parts: Part[]): number | undefined {
  let excess: number | undefined
  /** @returns how long the message is by the end */
  const visit = (parts: Part[], before: number): number => parts.reduce((length, part) => {
    if (part.type === 'text') {
      const text = h.unescape(part.source.trim())
      if (length + text.length > LIMIT) excess ??= part.index + Math.max(LIMIT - length, 0)
      return length + text.length
    }
    if (part.type === 'value') return length
    if (part.type === 'if') return Math.max(visit(part.body, length), visit(part.otherwise ?? [], length))
    if (part.type === 'each') return length
    if (media.includes(part.name)) return 0
    if (part.name === 'message') {
      visit(part.body, 0)
      return 0
    }
    return plain.has(part.name) ? visit(part.body, length) : length
  }, before)
  visit(parts, 0)
  return excess
}
