import { Dict, h, mapValues, Time } from 'koishi'
import { Foreign, judgeAddress } from './address'
import { evaluate } from './evaluate'
import { findExcess } from './length'
import { Expression, ParsedTemplate, parseTemplate, TemplateError, VALUE } from './parser'
import { tryOut } from './trial'
import { Scope, Variables, variables } from './variables'

export interface RenderOptions {
  /** Decides about an attribute that holds what a user or the platform wrote; where it says no, the element is left out. */
  allow?(foreign: Foreign): boolean
  /** Told about an expression with nothing to show for it. */
  fail?(error: TemplateError): void
}

/** As easily typed with a Chinese input method as the right ones. */
const FULL_WIDTH = new RegExp(`｛\\s*(?:${Object.keys(variables).join('|')})\\b[^｝]*`, 'g')

const CACHE = 100
const cache = new Map<string, ParsedTemplate & { faults?: TemplateError[] }>()

/** Renders an operator's text. What it refers to becomes text, whatever it looks like. */
export function render(source: string, scope: Scope, { allow = foreign => !!judgeAddress(foreign), fail }: RenderOptions = {}): h[] {
  const { expressions } = parse(source)
  const given = toTextValues(scope)
  const withheld = withhold(given, '')
  const marked = withhold(given, MARK)
  const value = (number: number, ...items: unknown[]) => {
    const expression = expressions[number]
    const locals = Object.fromEntries([...expression.locals.keys()].map((name, index) => [name, items[index]]))
    const result = evaluate(expression, { ...given, ...locals })
    if (!result.ok) {
      fail?.(toError(source, expression, 'failing'))
      return ''
    }
    const { attribute, foreign } = expression
    if (!attribute || !foreign || attribute.name === 'children') return result.value
    const text = toShown(result.value)
    // an item of a loop may be all foreign: then there is no share of the operator's to compare the value with
    const local = [...expression.locals.values()].includes(true)
    const share = (scope: Dict) => {
      const result = local ? undefined : evaluate(expression, { ...scope, ...locals })
      return result?.ok ? toShown(result.value) : undefined
    }
    const before = String(share(marked) ?? '').split(MARK)[0]
    return allow({ ...attribute, value: text, own: share(withheld), before }) ? text : omitted
  }
  return omit(h.parse(substitute(source, expressions), { [VALUE]: value }))
}

/** Koishi renders a faulty expression as nothing; this finds it before anybody is greeted with a hole. */
export function check(source: string): TemplateError[] {
  const parsed = parse(source)
  return [...parsed.faults ??= findFaults(source, parsed)]
}

function findFaults(source: string, { parts, errors }: ParsedTemplate) {
  const faults = [...errors]
  tryOut(parts, samples, (expression, kind) => faults.push(toError(source, expression, kind)))
  for (const { index, 0: text } of source.matchAll(FULL_WIDTH)) faults.push({ index, expression: text.slice(1).trim(), kind: 'syntax' })
  const excess = findExcess(parts)
  if (excess !== undefined) faults.push({ index: excess, expression: '', kind: 'too-long' })
  return faults
}

/** A text that was parsed before is not parsed again. */
function parse(source: string) {
  let parsed = cache.get(source)
  if (!parsed) {
    parsed = parseTemplate(source)
    if (cache.size >= CACHE) cache.clear()
    cache.set(source, parsed)
  }
  return parsed
}

/** Puts a name for its value in the place of each expression, for Koishi to do the rest. */
function substitute(source: string, expressions: Expression[]) {
  let result = ''
  let end = 0
  expressions.forEach(({ start, code, locals }, number) => {
    result += source.slice(end, start) + `${/^\s/.exec(code) ?? ''}${VALUE}(${[number, ...locals.keys()]})`
    end = start + code.length
  })
  return result + source.slice(end)
}

const omitted = Symbol('omitted')

function omit(elements: h[]): h[] {
  return elements.filter(({ attrs }) => !Object.values(attrs).includes(omitted)).map((element) => {
    element.children = omit(element.children)
    return element
  })
}

/** Koishi turns objects and functions into text later; what is judged has to be that text. */
function toShown(value: unknown) {
  return typeof value === 'object' || typeof value === 'function' ? String(value) : value
}

function toError(source: string, { index, start, code, role }: Expression, kind: TemplateError['kind']): TemplateError {
  const end = role === 'attribute' ? start + code.length : source.indexOf('}', index)
  return { index, expression: source.slice(index + 1, end).trim(), kind }
}

type TextValues = Variables<string | number | boolean>

/** The platform's values as they read in a text. */
function toTextValues({ user, bot, event }: Scope): TextValues {
  return {
    user: Object.freeze({ ...user }),
    bot: Object.freeze({ ...bot }),
    event: Object.freeze({ ...event, scene: event.scene ?? '', timestamp: Time.template('yyyy-MM-dd hh:mm:ss', event.timestamp) }),
  }
}

/** Stands in for what others wrote. It is one character, so that cutting or joining texts does not break it. */
const MARK = '\ue000'

/** The same with something else in place of what others wrote. */
function withhold(given: TextValues, other: string): TextValues {
  return mapValues(given, (values, group) => {
    return mapValues(values as Dict, (value, name) => (variables[group] as Dict)[name] === 'foreign' ? other : value)
  }) as TextValues
}

/** Users of every kind, for a text to be tried with. */
const samples = ['', 'Ada'].flatMap(name => [null, 1001, 2003].flatMap(scene => [false, true].map(returning => toTextValues({
  user: { id: 'U1', name },
  bot: { id: '100', name: 'Robo' },
  event: { scene, sceneParam: scene === 2003 ? 'poster' : '', timestamp: new Date(0), returning },
}))))
