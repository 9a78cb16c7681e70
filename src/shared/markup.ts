/** Escapes each `<` after the last `>`: no element begins there, but Koishi's parser takes very long to find that out. */
export function tame(content: string) {
  const end = content.lastIndexOf('>') + 1
  return content.slice(0, end) + content.slice(end).replace(/</g, '&lt;')
}
