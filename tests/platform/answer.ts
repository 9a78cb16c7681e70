import { randomUUID } from 'node:crypto'
import { IncomingMessage, ServerResponse } from 'node:http'
import { describeCode } from './rules'

/** What the API does with a request. */
export interface Answer {
  status: number
  body?: unknown
  delay?: number
  hang?: boolean
  close?: boolean
}

export function refuse(code: number, status = 400): Answer {
  return { status, body: { code, err_code: code, message: describeCode(code), trace_id: randomUUID().replace(/-/g, '') } }
}

export async function readText(request: IncomingMessage) {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

export function write(response: ServerResponse, { status, body, close }: Answer) {
  const text = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body)
  response.statusCode = status
  response.setHeader('content-type', 'application/json')
  response.setHeader('x-tps-trace-id', randomUUID())
  if (!close) return response.end(text)
  response.setHeader('content-length', text.length + 64)
  response.write(text || '{"id":"', () => response.destroy())
}
