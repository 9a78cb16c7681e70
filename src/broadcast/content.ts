import { Expression as Node, parseExpressionAt, PrivateIdentifier, SpreadElement, Super } from 'acorn'
import { Context, Fragment, h } from 'koishi'
import { QQUser } from '../model'
import { judgeAddress } from '../notices/address'
import { LIMIT, measure } from '../notices/length'
import { Expression, parseTemplate, TemplateError } from '../notices/parser'
import { check, render } from '../notices/template'
import { eventless, Scope, variables } from '../notices/variables'
import { findComponent } from '../push/component'
import { tame } from '../shared/markup'
import { BroadcastError } from './error'

const MAX_SOURCE = 8000

/**
 * Reads what is to be sent to many. It may come from a chat: what it refers to are values, and nothing in it runs.
 * @throws BroadcastError
 */
export function readContent(ctx: Context, content: Fragment): string {
  const source = tame(toSource(content))
  if (!source.trim()) throw new BroadcastError('empty-content')
  if (source.length > MAX_SOURCE) throw new BroadcastError('too-long', `${source.length} characters, at most ${MAX_SOURCE}`)
  const component = findComponent(ctx, h.parse(source))
  if (component !== undefined) throw new BroadcastError('component', `<${component}>`)
  const errors = findFaults(source)
  if (errors.length) throw new BroadcastError(errors[0].kind === 'too-long' ? 'too-long' : 'content', describe(errors[0]), errors)
  return source
}

/** What a recipient gets. @throws BroadcastError `too-long`, with what is filled in */
export function compose(source: string, user: Pick<QQUser, 'userId' | 'name'>, bot: Scope['bot']): h[] {
  const scope = { user: { id: user.userId, name: user.name ?? '' }, bot, event: nothing }
  const elements = render(source, scope, { allow: foreign => judgeAddress(foreign) === true })
  if (measure(elements) > LIMIT) throw new BroadcastError('too-long', `more than ${LIMIT} characters for this user`)
  return elements
}

const nothing: Scope['event'] = { scene: null, sceneParam: '', timestamp: new Date(0), returning: false }

function toSource(content: unknown) {
  if (typeof content === 'string') return content
  try {
    // `join` escapes each `&` of a text; in an expression, which is no text, it must stay as it was written
    return h.normalize(content as Fragment).join('').replace(/\{[^{}]*\}/g, code => code.replace(/&amp;/g, '&'))
  } catch {
    throw new BroadcastError('content', 'expected elements')
  }
}

function findFaults(source: string): TemplateError[] {
  const { expressions, errors } = parseTemplate(source)
  const unsafe = expressions.filter(expression => !expression.faulty && !isValue(expression))
  // `check` runs the expressions, and an unsafe one must not run
  if (unsafe.length) return [...errors, ...unsafe.map(({ index, code }) => ({ index, expression: code.trim(), kind: 'unsafe' as const }))]
  return check(source)
}

function isValue({ role, code }: Expression) {
  return role !== 'items' && isPlain(parseExpressionAt(code, 0, { ecmaVersion: 'latest', preserveParens: true }))
}

/** Whether an expression only looks at values, and calls nothing. */
function isPlain(node: Node | SpreadElement | PrivateIdentifier | Super): boolean {
  switch (node.type) {
    case 'Literal':
      return !('regex' in node)
    case 'MemberExpression': {
      const { object, property, computed } = node
      if (computed || object.type !== 'Identifier' || property.type !== 'Identifier') return false
      return isEventless(object.name) && Object.hasOwn(variables[object.name], property.name)
    }
    case 'ParenthesizedExpression':
    case 'ChainExpression':
      return isPlain(node.expression)
    case 'UnaryExpression':
      return node.operator === '!' && isPlain(node.argument)
    case 'BinaryExpression':
      return ['+', '===', '!==', '==', '!='].includes(node.operator) && isPlain(node.left as Node) && isPlain(node.right)
    case 'LogicalExpression':
      return isPlain(node.left) && isPlain(node.right)
    case 'ConditionalExpression':
      return [node.test, node.consequent, node.alternate].every(isPlain)
    case 'TemplateLiteral':
      return node.expressions.every(isPlain)
    default:
      return false
  }
}

function isEventless(group: string): group is keyof Scope {
  return Object.hasOwn(eventless, group) && eventless[group as keyof Scope]
}

function describe({ kind, index, expression }: TemplateError) {
  return `${kind} at character ${index + 1}${expression && `, ${expression}`}`
}
