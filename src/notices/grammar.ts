/** A piece of a text that is computed, and where it is. */
export interface Slot {
  start: number
  code: string
}

export interface Attribute extends Slot {
  name: string
}

/** A piece of a text, as Koishi's parser cuts it. */
export type Token = { index: number; source: string } & (
  | { type: 'text' }
  | {
    type: 'tag'
    name: string
    position: 'open' | 'close' | 'empty'
    /** Those that are computed. */
    attributes: Attribute[]
    /** A brace that Koishi takes for something else: it is sent as it stands, or lost. */
    stray?: number
  }
  | { type: 'curly'; mark: string; keyword: string; slot: Slot }
)

const pieces = /<!--[\s\S]*?-->|<(\/?)([^!\s>/]*)([^>]*?)\s*(\/?)>|\{(?:([@:/#])([^\s}]*))?([\s\S]*?)\}/g
const attributes = /([^\s=]+)(?:="[^"]*"|='[^']*'|=\{([^}]+)\})?/g

/** Cuts a text into the same pieces as `h.parse()` does with values at hand; comments are none. */
export function* scan(source: string): Generator<Token> {
  let end = 0
  for (const match of source.matchAll(pieces)) {
    const [whole, close, name, extra, empty, mark = '', keyword = '', code] = match
    const { index } = match
    if (index > end) yield { type: 'text', index: end, source: source.slice(end, index) }
    end = index + whole.length
    if (code !== undefined) {
      yield { type: 'curly', index, source: whole, mark, keyword, slot: { start: end - 1 - code.length, code } }
    } else if (name !== undefined) {
      const position = close ? 'close' : empty ? 'empty' : 'open'
      const start = index + 1 + close.length + name.length
      const computed = close ? [] : [...scanAttributes(extra, start)]
      // a name may be left out; it is a fragment then
      yield { type: 'tag', index, source: whole, name: name || 'template', position, attributes: computed, stray: findStray(whole, index, computed) }
    }
  }
  if (end < source.length) yield { type: 'text', index: end, source: source.slice(end) }
}

function* scanAttributes(extra: string, start: number): Generator<Attribute> {
  for (const { index, 1: name, 2: code } of extra.matchAll(attributes)) {
    if (code !== undefined) yield { name, code, start: start + index + name.length + 2 }
  }
}

function findStray(source: string, index: number, computed: Attribute[]) {
  for (let at = source.indexOf('{'); at >= 0; at = source.indexOf('{', at + 1)) {
    const attribute = computed.find(({ start, code }) => at >= start - 1 - index && at < start + code.length - index)
    if (!attribute) return index + at
  }
}
