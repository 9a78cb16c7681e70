import { Dict, h, Time } from 'koishi'

/** A fault in a text, and where it begins (an index into the text). */
export interface TemplateError {
  index: number
  expression: string
  kind: 'syntax' | 'unclosed' | 'unknown'
}

/** What a text can refer to in `{}`. */
export interface Scope {
  user: { id: string; name: string }
  bot: { id: string; name: string }
  event: {
    /** Where the user came from, as the platform numbers it. */
    scene: number | null
    /** The developer's own data on the link that the user followed. */
    sceneParam: string
    timestamp: Date
    /** Whether the user had been known before. */
    returning: boolean
  }
}

const names: { [K in keyof Scope]: (keyof Scope[K])[] } = {
  user: ['id', 'name'],
  bot: ['id', 'name'],
  event: ['scene', 'sceneParam', 'timestamp', 'returning'],
}

/** Renders an operator's text. What it refers to becomes text, whatever it looks like. */
export function render(source: string, scope: Scope): h[] {
  return h.parse(source, toText(scope))
}

/** Koishi renders a faulty expression as nothing; this finds it before anybody is greeted with a hole. */
export function check(source: string): TemplateError[] {
  const errors: TemplateError[] = []
  const blocks: { keyword: string; index: number; expression: string }[] = []
  const locals = new Set<string>()
  for (const { index, text, closed } of expressions(source)) {
    const fault = (kind: TemplateError['kind']) => errors.push({ index, expression: text.trim(), kind })
    const [, mark = '', keyword = '', rest] = /^\s*([#:/@])?(\w+)?\s*([\s\S]*)$/.exec(text)!
    if (!closed) {
      fault('unclosed')
    } else if (mark === '/') {
      if (blocks.pop()?.keyword !== keyword) fault('syntax')
    } else if (mark === ':') {
      if (blocks.at(-1)?.keyword !== 'if' || keyword !== 'else') fault('syntax')
    } else if (mark === '#') {
      const [expression, local] = keyword === 'each' ? rest.split(/\s+as\s+/) : [rest]
      if (local) locals.add(local.trim())
      blocks.push({ keyword, index, expression: text.trim() })
      if (!isValid(expression) || !['if', 'each'].includes(keyword)) fault('syntax')
    } else if (mark === '@' || !isValid(text)) {
      fault('syntax')
    } else if (!isKnown(text.trim(), locals)) {
      fault('unknown')
    }
  }
  return [...errors, ...blocks.map(({ index, expression }) => ({ index, expression, kind: 'unclosed' as const }))]
}

function* expressions(source: string) {
  for (let index = source.indexOf('{'); index >= 0;) {
    const end = source.indexOf('}', index)
    const closed = end >= 0
    yield { index, text: source.slice(index + 1, closed ? end : undefined), closed }
    index = closed ? source.indexOf('{', end) : -1
  }
}

function isValid(expression: string) {
  if (!expression.trim()) return false
  try {
    // compiled, never run
    // eslint-disable-next-line no-new, no-new-func
    new Function(`return (${expression}\n)`)
    return true
  } catch {
    return false
  }
}

function isKnown(expression: string, locals: Set<string>) {
  if (!/^[\w.]+$/.test(expression)) return true
  const [root, key] = expression.split('.')
  return locals.has(root) || Object.hasOwn(names, root) && (names as Dict<string[]>)[root].includes(key)
}

/** The platform's values as they read in a text. */
function toText({ user, bot, event }: Scope) {
  return {
    user,
    bot,
    event: { ...event, scene: event.scene ?? '', timestamp: Time.template('yyyy-MM-dd hh:mm:ss', event.timestamp) },
  }
}
