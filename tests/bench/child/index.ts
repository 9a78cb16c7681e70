import { start } from './app'
import * as measures from './measures'
import { Answer, Question, Spec } from './spec'

const spec: Spec = JSON.parse(process.argv[2])

// whoever started this is gone
process.on('disconnect', () => process.exit(0))

// the naive side leaves some behind
process.on('unhandledRejection', () => {})

start(spec).then((side) => {
  process.on('message', async ({ id, name, args }: Question) => {
    const answer: Answer = { id }
    try {
      answer.result = await (measures as any)[name](side, ...args)
    } catch (error) {
      answer.error = error instanceof Error ? error.stack : String(error)
    }
    process.send!(answer)
  })
  process.send!({ id: 0 } satisfies Answer)
}, (error) => {
  process.send!({ id: 0, error: String(error?.stack ?? error) } satisfies Answer)
})
