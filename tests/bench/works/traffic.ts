import { Bench } from '../bench'
import { SideName } from '../child/spec'
import { Side } from '../side'

const sides: SideName[] = ['adapter', 'ours']
const AT_ONCE = 32
const PEOPLE = 100

const kinds = {
  group: (side: Side, index: number) => side.platform.groupMessage(`GROUP${index % 10}`, `MEMBER${index % PEOPLE}`),
  private: (side: Side, index: number) => side.platform.message(`USER${index % PEOPLE}`),
}

/** What everybody else's messages cost, with the plugin and without. */
export default async function (bench: Bench) {
  const { messages, blocks } = bench.size
  const stores = await Promise.all(sides.map(() => bench.stores.create('sqlite')))
  const children = await Promise.all(sides.map(async (side, index) => {
    return Side.start(await bench.platform(), { side, store: stores[index], answer: true })
  }))
  for (const [kind, send] of Object.entries(kinds)) {
    const values: Record<string, number[]> = Object.fromEntries(sides.map(side => [side, []]))
    for (const child of children) {
      // Koishi stumbles when it sees somebody for the first time twice at a time
      await answer(child, PEOPLE, send, 1)
      await answer(child, messages * 2, send)
    }
    for (let block = 0; block < blocks; block++) {
      // whoever comes second has no advantage of it
      const order = block % 2 ? [1, 0] : [0, 1]
      for (const index of order) {
        const before = await children[index].ask('cpu')
        await answer(children[index], messages, send)
        values[sides[index]].push(messages / (await children[index].ask('cpu') - before) * 1000)
      }
    }
    bench.add({ work: 'traffic', name: `${kind} messages`, unit: 'messages/CPU s', values, of: 'ours', to: 'adapter', aim: { atLeast: 0.97 } })
  }
  await Promise.all(children.map(child => child.stop()))
}

/** Has so many messages answered, some of them at a time. */
function answer(side: Side, messages: number, send: (side: Side, index: number) => unknown, atOnce = AT_ONCE) {
  return new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('messages were left unanswered')), 120_000)
    let sent = 0
    let answered = 0
    const next = () => {
      if (sent < messages) send(side, sent++)
    }
    const stop = side.platform.fail({
      times: Infinity,
      when() {
        if (++answered === messages) {
          stop()
          clearTimeout(timer)
          setImmediate(resolve)
        } else {
          next()
        }
        return true
      },
    })
    for (let open = 0; open < atOnce; open++) next()
  })
}
