import { randomUUID } from 'node:crypto'
import { IncomingMessage, ServerResponse } from 'node:http'
import { findCode } from './codes'
import { CodeField } from './types'

/** What the API does with a request. */
export interface Answer {
  status: number
  body?: unknown
  /** What the body is said to be, JSON unless told. */
  type?: string
  delay?: number
  hang?: boolean
  close?: boolean
}

/** A refusal; a gateway's carries two different numbers. */
export function refuse(code: number, status?: number): Answer {
  const { inner = code, message, status: usual = 400 } = findCode(code)
  return { status: status ?? usual, body: { code, err_code: inner, message, trace_id: randomUUID().replace(/-/g, '') } }
}

/** Leaves a refusal's code in one place only, if so wanted. */
export function placeCode(body: unknown, field: CodeField) {
  const { code, err_code: inner = code, ...rest } = Object(body)
  if (field === 'both' || code === undefined) return body
  return { ...rest, [field]: field === 'code' ? code : inner }
}

export async function readText(request: IncomingMessage) {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

export function write(response: ServerResponse, { status, body, type = 'application/json', close }: Answer) {
  const text = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body)
  response.statusCode = status
  response.setHeader('content-type', type)
  response.setHeader('x-tps-trace-id', randomUUID())
  if (!close) return response.end(text)
  response.setHeader('content-length', text.length + 64)
  response.write(text || '{"id":"', () => response.destroy())
}
