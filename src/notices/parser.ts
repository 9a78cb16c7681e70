import { inspect, isName, Locals } from './expression'
import { scan, Slot, Token } from './grammar'

/** A fault in a text, and where it begins (an index into the text). */
export interface TemplateError {
  index: number
  expression: string
  kind: 'syntax' | 'unclosed' | 'unknown' | 'failing' | 'unsafe' | 'too-long'
}

export interface Expression extends Slot {
  /** Where its brace is. */
  index: number
  role: 'text' | 'condition' | 'items' | 'attribute'
  /** The element and the name of an attribute. */
  attribute?: { element: string; name: string }
  locals: Locals
  faulty: boolean
  /** Whether the value holds what users or the platform wrote. */
  foreign: boolean
}

export type Part =
  | { type: 'text'; index: number; source: string }
  | { type: 'value'; expression: Expression }
  | { type: 'tag'; name: string; attributes: Expression[]; body: Part[] }
  | { type: 'if'; expression: Expression; body: Part[]; otherwise?: Part[] }
  | { type: 'each'; expression: Expression; local?: string; body: Part[] }

export interface ParsedTemplate {
  parts: Part[]
  /** In the order in which they stand in the text. */
  expressions: Expression[]
  errors: TemplateError[]
}

/** What stands for every expression while Koishi renders a text. */
export const VALUE = '$value'

/** Takes a text apart as Koishi does, and finds what is wrong about it. */
export function parseTemplate(source: string): ParsedTemplate {
  const parser = new TemplateParser(source)
  for (const token of scan(source)) parser.add(token)
  return parser.end()
}

/** Elements that are sent without what is in them. */
const hollow = ['br', 'img', 'image', 'audio', 'video']

type Block = Extract<Part, { body: Part[] }>

interface Level {
  /** None at the bottom. */
  block?: Block
  /** What it is closed by. */
  name: string
  index: number
  text: string
  locals: Locals
  parts: Part[]
}

class TemplateParser {
  private levels: Level[] = [{ name: 'template', index: 0, text: '', locals: new Map(), parts: [] }]
  private expressions: Expression[] = []
  private errors: TemplateError[] = []
  private broken = false

  constructor(private source: string) {}

  add(token: Token) {
    if (token.type === 'text') this.addText(token)
    else if (token.type === 'tag') this.addTag(token)
    else this.addCurly(token)
  }

  end(): ParsedTemplate {
    for (const { block, index, text, name } of this.levels) {
      if (!block || block.type === 'tag' && !hollow.includes(name)) continue
      this.fault('unclosed', index, text)
    }
    return { parts: this.levels[0].parts, expressions: this.expressions, errors: this.errors }
  }

  private get top() {
    return this.levels.at(-1)!
  }

  private addText({ index, source }: Token) {
    this.top.parts.push({ type: 'text', index, source })
    const brace = source.indexOf('{')
    // nothing closes after it
    if (brace < 0 || this.broken) return
    this.broken = true
    this.fault('unclosed', index + brace, this.source.slice(index + brace + 1))
  }

  private addTag({ index, source, name, position, attributes, stray }: Extract<Token, { type: 'tag' }>) {
    if (stray !== undefined) this.fault('syntax', stray, this.source.slice(stray + 1, index + source.length))
    if (position === 'close') {
      if (this.top.name !== name) return
      if (this.top.block?.type === 'tag') this.levels.pop()
      // Koishi would end a condition, or the whole text
      else this.fault('syntax', index, source)
      return
    }
    const tag: Block = {
      type: 'tag',
      name,
      body: [],
      attributes: attributes.map(slot => this.express('attribute', slot.start - 1, slot.code, slot, { element: name, name: slot.name })),
    }
    if (position === 'open') this.enter(tag, name, index, source)
    else this.top.parts.push(tag)
  }

  private addCurly({ index, source, mark, keyword, slot }: Extract<Token, { type: 'curly' }>) {
    const text = source.slice(1, -1)
    if (mark === '/') {
      this.close(keyword, index, text)
    } else if (mark === ':') {
      const { block } = this.top
      if (block?.type !== 'if' || block.otherwise || keyword !== 'else' || slot.code.trim()) this.fault('syntax', index, text)
      else this.top.parts = block.otherwise = []
    } else if (mark === '#' && keyword === 'each') {
      this.repeat(index, text, slot)
    } else if (mark === '#') {
      const expression = this.express('condition', index, text, slot)
      if (keyword !== 'if' && !expression.faulty) this.fault('syntax', index, text)
      this.enter({ type: 'if', expression, body: [] }, keyword, index, text)
    } else if (mark) {
      this.fault('syntax', index, text)
    } else {
      this.top.parts.push({ type: 'value', expression: this.express('text', index, text, slot) })
    }
  }

  private repeat(index: number, text: string, { start, code: whole }: Slot) {
    const [code, local, ...rest] = whole.split(/\s+as\s+/)
    const name = local?.trim()
    const expression = this.express('items', index, text, { start, code })
    if (!expression.faulty && (rest.length || name !== undefined && (!isName(name) || name === VALUE))) this.fault('syntax', index, text)
    const locals = new Map(this.top.locals)
    if (name) locals.set(name, expression.foreign)
    this.enter({ type: 'each', expression, local: name, body: [] }, 'each', index, text, locals)
  }

  private close(keyword: string, index: number, text: string) {
    const { block, name } = this.top
    if (block && block.type !== 'tag' && name === keyword) {
      this.levels.pop()
      return
    }
    // an element in between that was left open keeps Koishi from seeing the end
    let at = this.levels.length - 1
    while (this.levels[at].block?.type === 'tag') at--
    if (at && this.levels[at].name === keyword) this.fault('unclosed', this.levels[at + 1].index, this.levels[at + 1].text)
    else this.fault('syntax', index, text)
    if (at) this.levels.length = at
  }

  private enter(block: Block, name: string, index: number, text: string, locals = this.top.locals) {
    this.top.parts.push(block)
    this.levels.push({ block, name, index, text, locals, parts: block.body })
  }

  private express(role: Expression['role'], index: number, text: string, { start, code }: Slot, attribute?: Expression['attribute']) {
    const { locals } = this.top
    const { fault, foreign } = inspect(code, locals)
    if (fault) this.fault(fault, index, text)
    else if (foreign && this.levels.some(({ block, name }) => block?.type === 'tag' && /(?:^|:)execute$/i.test(name))) this.fault('unsafe', index, text)
    const expression: Expression = { role, index, start, code, attribute, locals, foreign, faulty: !!fault }
    this.expressions.push(expression)
    return expression
  }

  private fault(kind: TemplateError['kind'], index: number, text: string) {
    this.errors.push({ index, expression: text.trim(), kind })
  }
}
