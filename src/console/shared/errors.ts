import type { ErrorCode } from './protocol'

/** What a client is told. The text is the code alone: where it came from is nobody's business. */
export class CallError extends Error {
  constructor(public readonly code: ErrorCode) {
    super(code)
    // the console sends the stack
    this.stack = code
  }
}

export function fail(code: ErrorCode): never {
  throw new CallError(code)
}
