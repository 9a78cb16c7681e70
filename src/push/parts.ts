import { h } from 'koishi'

const files = ['img', 'image', 'video', 'audio']

/** How many messages the adapter makes of this, or a little more. */
export function countParts(elements: h[]): number {
  let count = 0
  let open = false
  const flush = () => {
    if (open) count++
    open = false
  }
  const visit = ({ type, attrs, children }: h) => {
    if (type === 'text') {
      open ||= !!String(attrs.content).trim()
    } else if (files.includes(type as string)) {
      flush()
      open = true
      // nothing goes with these
      if (type === 'video' || type === 'audio') flush()
    } else if (type === 'message') {
      flush()
      children.forEach(visit)
      flush()
    } else {
      open ||= type === 'button'
      children.forEach(visit)
    }
  }
  elements.forEach(visit)
  flush()
  return Math.max(1, count)
}
