/** Rule: a table whose preparation failed is prepared again, where the database layer lets us. */
import { expect } from 'chai'
import { Context } from 'koishi'
import { prepareAgain } from '../../../src/roster/prepare'

describe('preparing tables again', () => {
  let prepared: string[]
  let tasks: Record<string, Promise<void>>
  let model: Record<string, unknown>

  beforeEach(() => {
    prepared = []
    const failed = Promise.reject(new Error('table exists'))
    failed.catch(() => {})
    tasks = { good: Promise.resolve(), bad: failed }
    model = { prepareTasks: tasks, prepare: async (name: string) => { prepared.push(name) } }
  })

  const run = (model: unknown) => prepareAgain({ model } as Context)

  it('is done for those that failed only, and kept', async () => {
    const { good, bad } = tasks
    await run(model)
    expect(prepared).to.deep.equal(['bad'])
    expect(tasks.good).to.equal(good)
    expect(tasks.bad).not.to.equal(bad)
    await run(model)
    expect(prepared).to.deep.equal(['bad'])
  })

  it('finds what it needs behind getters', async () => {
    const { prepareTasks, prepare } = model
    await run({ get prepareTasks() { return prepareTasks }, get prepare() { return prepare } })
    expect(prepared).to.deep.equal(['bad'])
  })

  describe('is left, and nothing breaks, when', () => {
    const fail = () => Promise.reject(new Error('table exists'))
    const cases: [name: string, change: () => unknown][] = [
      ['there are no tasks', () => delete model.prepareTasks],
      ['the tasks are something else', () => model.prepareTasks = () => {}],
      ['there is no way to prepare', () => delete model.prepare],
      ['the way to prepare is something else', () => model.prepare = {}],
      ['the tasks are frozen', () => Object.freeze(tasks)],
      ['the tasks are sealed', () => Object.seal(tasks)],
      ['nothing can be added', () => Object.preventExtensions(tasks)],
      ['a task cannot be replaced', () => Object.defineProperty(tasks, 'bad', { get: fail, configurable: false, enumerable: true })],
    ]

    for (const [name, change] of cases) {
      it(name, async () => {
        change()
        await run(model)
        expect(prepared).to.deep.equal([])
        expect(Object.keys(tasks)).to.deep.equal(['good', 'bad'])
      })
    }
  })

  it('replaces a task that can be read only', async () => {
    const bad = tasks.bad
    Object.defineProperty(tasks, 'bad', { get: () => bad, configurable: true, enumerable: true })
    await run(model)
    expect(prepared).to.deep.equal(['bad'])
    expect(await tasks.bad).to.equal(undefined)
  })
})
