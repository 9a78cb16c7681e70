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
  const blocks: { keyword: string; index: number; expression: string; local?: string; otherwise?: boolean }[] = []
  for (const { index, text, closed } of expressions(source)) {
    const fault = (kind: TemplateError['kind']) => errors.push({ index, expression: text.trim(), kind })
    const [, mark = '', keyword = '', rest] = /^(?:([#:/@])(\S*))?\s*([\s\S]*)$/.exec(text)!
    if (!closed) {
      fault('unclosed')
    } else if (mark === '/') {
      if (blocks.pop()?.keyword !== keyword) fault('syntax')
    } else if (mark === ':') {
      const block = blocks.at(-1)
      if (block?.keyword !== 'if' || block.otherwise || keyword !== 'else' || rest) fault('syntax')
      else block.otherwise = true
    } else if (mark === '#') {
      const [expression, local] = keyword === 'each' ? rest.split(/\s+as\s+/) : [rest]
      blocks.push({ keyword, index, expression: text.trim(), local: local?.trim() })
      if (!isValid(expression) || !['if', 'each'].includes(keyword)) fault('syntax')
    } else if (mark === '@' || !isValid(text)) {
      fault('syntax')
    } else if (!isKnown(text.trim(), blocks.map(({ local }) => local))) {
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
    new Function(`(${expression}\n)[${expression}\n]`)
    return true
  } catch {
    return false
  }
}

function isKnown(expression: string, locals: (string | undefined)[]) {
  if (!/^[\w.]+$/.test(expression)) return true
  const [root, key, ...rest] = expression.split('.')
  return locals.includes(root) || rest.every(part => part === 'length') && Object.hasOwn(names, root) && (names as Dict<string[]>)[root].includes(key)
}

/** The platform's values as they read in a text. */
function toText({ user, bot, event }: Scope) {
  return {
    user,
    bot,
    event: { ...event, scene: event.scene ?? '', timestamp: Time.template('yyyy-MM-dd hh:mm:ss', event.timestamp) },
  }
}
