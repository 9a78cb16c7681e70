export interface Piece {
  kind: 'text' | 'element'
  text: string
}

const entities: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: '\'' }

/** Takes Koishi's markup apart into what will be read and what stands for something else, all of it to be shown as text. */
export function toPieces(content: string): Piece[] {
  const pieces: Piece[] = []
  for (const part of content.split(/(<[^<>]*>)/)) {
    if (!part) continue
    const [, closing, name = ''] = /^<(\/?)([\w:-]*)[^<>]*>$/.exec(part) ?? []
    const isBreak = name === 'br' || name === 'p' && closing
    const isElement = part.startsWith('<') && part.endsWith('>')
    if (isElement && !isBreak) pieces.push({ kind: 'element', text: part })
    else pieces.push({ kind: 'text', text: isBreak ? '\n' : decode(part) })
  }
  return pieces
}

function decode(text: string) {
  return text.replace(/&(?:#(\d+)|#x([\da-f]+)|(\w+));/gi, (match, decimal, hex, name) => {
    if (name) return entities[name] ?? match
    const code = parseInt(decimal ?? hex, decimal ? 10 : 16)
    return code <= 0x10ffff ? String.fromCodePoint(code) : match
  })
}

export interface Mark {
  text: string
  /** The number of the error that is in it, from 0. */
  error?: number
}

/** Cuts a text where its errors are. */
export function toMarks(source: string, errors: { index: number; expression: string }[]): Mark[] {
  const marks: Mark[] = []
  let position = 0
  const inOrder = errors.map((error, number) => ({ ...error, number })).sort((a, b) => a.index - b.index)
  for (const { index, number } of inOrder) {
    if (index < position || index >= source.length) continue
    const brace = source.indexOf('}', index)
    const end = brace < 0 ? source.length : brace + 1
    if (index > position) marks.push({ text: source.slice(position, index) })
    marks.push({ text: source.slice(index, end), error: number })
    position = end
  }
  if (position < source.length) marks.push({ text: source.slice(position) })
  return marks
}
