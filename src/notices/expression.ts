import { Expression as Node, parseExpressionAt, Pattern, PrivateIdentifier, SpreadElement, Super, tokenizer, tokTypes } from 'acorn'
import { Dict } from 'koishi'
import { variables } from './variables'

const globals = new Set([
  'undefined', 'NaN', 'Infinity', 'isNaN', 'isFinite', 'parseInt', 'parseFloat', 'encodeURI', 'encodeURIComponent', 'decodeURI', 'decodeURIComponent',
  'Array', 'BigInt', 'Boolean', 'Date', 'Intl', 'JSON', 'Map', 'Math', 'Number', 'Object', 'RegExp', 'Set', 'String',
])

const inner = ['constructor', 'prototype', '__proto__']

const options = { ecmaVersion: 'latest', preserveParens: true } as const

/** Names in sight, and whether what they stand for holds what others wrote. */
export type Locals = ReadonlyMap<string, boolean>

export interface Inspection {
  fault?: 'syntax' | 'unknown'
  /** Whether the value may contain a text that others wrote. A value that such a text only chose, as in `user.name ? 1 : 2`, does not. */
  foreign: boolean
}

/** Finds out what an expression refers to, without running it. What is not known to be harmless is a fault. */
export function inspect(code: string, locals: Locals): Inspection {
  try {
    const node = parseExpressionAt(code, 0, options)
    if (tokenizer(code.slice(node.end), options).getToken().type !== tokTypes.eof) return { fault: 'syntax', foreign: true }
    return { foreign: visit(node, locals) }
  } catch (error) {
    if (error instanceof Fault) return { fault: error.kind, foreign: true }
    if (error instanceof SyntaxError) return { fault: 'syntax', foreign: true }
    throw error
  }
}

export function isName(text: string) {
  try {
    const { type, end } = parseExpressionAt(text, 0, options)
    return type === 'Identifier' && end === text.length
  } catch {
    return false
  }
}

class Fault extends Error {
  constructor(public kind: 'syntax' | 'unknown') {
    super(kind)
  }
}

/** @returns whether the value holds what others wrote */
function visit(node: Node | SpreadElement | PrivateIdentifier | Super, locals: Locals): boolean {
  const some = (nodes: (Node | SpreadElement | null)[]) => nodes.filter(node => node && visit(node, locals)).length > 0
  switch (node.type) {
    case 'Literal':
      return false
    case 'Identifier':
      return visitName(node.name, locals)
    case 'MemberExpression': {
      const { object, property, computed } = node
      const key = computed ? property.type === 'Literal' ? String(property.value) : undefined : (property as { name: string }).name
      if (object.type === 'Identifier' && !locals.has(object.name)) return visitMember(object.name, key)
      if (inner.includes(key!)) throw new Fault('unknown')
      return some(computed ? [object as Node, property as Node] : [object as Node])
    }
    case 'ParenthesizedExpression':
    case 'ChainExpression':
      return visit(node.expression, locals)
    case 'SpreadElement':
      return visit(node.argument, locals)
    case 'CallExpression':
      return some([node.callee as Node, ...node.arguments])
    case 'NewExpression':
      if (node.callee.type !== 'Identifier') throw new Fault('syntax')
      return some([node.callee, ...node.arguments])
    case 'UnaryExpression':
      if (node.operator === 'delete') throw new Fault('syntax')
      visit(node.argument, locals)
      return false
    case 'BinaryExpression':
      // all others make numbers and truths
      return some([node.left as Node, node.right]) && node.operator === '+'
    case 'LogicalExpression':
      return some([node.left, node.right])
    case 'ConditionalExpression':
      visit(node.test, locals)
      return some([node.consequent, node.alternate])
    case 'SequenceExpression':
    case 'TemplateLiteral':
      return some(node.expressions)
    case 'ArrayExpression':
      return some(node.elements)
    case 'ArrowFunctionExpression': {
      if (node.async || node.body.type === 'BlockStatement') throw new Fault('syntax')
      return visit(node.body, new Map([...locals, ...node.params.map(param => [toName(param), false] as const)]))
    }
    default:
      throw new Fault('syntax')
  }
}

function visitName(name: string, locals: Locals) {
  const local = locals.get(name)
  if (local !== undefined) return local
  const group = toGroup(name)
  if (group) return Object.values(group).includes('foreign')
  if (!globals.has(name)) throw new Fault('unknown')
  return false
}

function visitMember(root: string, key: string | undefined) {
  const group = toGroup(root)
  if (key === undefined || !(group ? Object.hasOwn(group, key) : isGlobal(root, key))) throw new Fault('unknown')
  return group?.[key] === 'foreign'
}

function isGlobal(root: string, key: string) {
  return globals.has(root) && !inner.includes(key) && key in Object((globalThis as Dict)[root])
}

function toGroup(name: string): Dict<string> | undefined {
  return Object.hasOwn(variables, name) ? variables[name as keyof typeof variables] : undefined
}

function toName(param: Pattern) {
  if (param.type !== 'Identifier') throw new Fault('syntax')
  return param.name
}
