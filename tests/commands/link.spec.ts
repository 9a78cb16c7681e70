/** Rule: qq-user.link answers operators with a link and its QR code, or says why there is none; qq-user.links lists them. */
import { expect } from 'chai'
import jsQR from 'jsqr'
import { inflateSync } from 'node:zlib'
import { render } from '../../src/notices/template'
import { until } from '../harness'
import { ask, enroll, harness, message, noBot, platform, start, text } from './operator'

const MARGIN = 4 * 8

/** The pixels of a picture with one bit for each, as what reads codes wants them. */
function decode(png: Buffer) {
  const chunk = (type: string) => {
    const at = png.indexOf(type, 0, 'latin1')
    return png.subarray(at + 4, at + 4 + png.readUInt32BE(at - 4))
  }
  const [width, height] = [chunk('IHDR').readUInt32BE(0), chunk('IHDR').readUInt32BE(4)]
  expect([...chunk('IHDR').subarray(8)]).to.deep.equal([1, 0, 0, 0, 0])
  const data = inflateSync(chunk('IDAT'))
  const stride = 1 + Math.ceil(width / 8)
  expect(data).to.have.length(stride * height)
  const pixels = new Uint8ClampedArray(width * height * 4)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) pixels.fill(data[y * stride + 1 + (x >> 3)] >> (7 - (x & 7)) & 1 ? 255 : 0, (y * width + x) * 4, (y * width + x + 1) * 4)
  }
  // what is white around it, which scanners ask for
  const isMargin = (place: number, size: number) => place < MARGIN || place >= size - MARGIN
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (isMargin(x, width) || isMargin(y, height)) expect(pixels[(y * width + x) * 4]).to.equal(255)
    }
  }
  return jsQR(pixels, width, height)?.data
}

describe('qq-user.link', () => {
  afterEach(() => harness.stop())

  const reason = (id: string) => text('en-US', `qq-user.link-reason.${id}`)
  const rows = () => harness.app.database.get('qq_user_link', {})

  it('answers with the link, and with its QR code as an image', async () => {
    await start()
    const answer = await ask('qq-user.link poster -t In the metro')
    const [{ url, title }] = await rows()
    expect(title).to.equal('In the metro')
    expect(answer).to.contain(url)
    // the text and the picture are two messages
    await until(() => platform.posts.length === 2)
    const { body, target } = platform.files[0]
    expect([target, body.file_type]).to.deep.equal(['OP', 1])
    expect(decode(Buffer.from(body.file_data, 'base64'))).to.equal(url)
    expect(await ask('qq-user.link poster')).to.contain(url)
    expect(platform.links.asked).to.deep.equal(['poster'])
  })

  it('takes for its note all that is left of the message', async () => {
    await start()
    await ask(`qq-user.link poster -b ${platform.selfId} -t "In the" metro -b 1`)
    expect((await rows()).map(({ selfId, title }) => [selfId, title])).to.deep.equal([[platform.selfId, '"In the" metro -b 1']])
    for (const [locale, last] of [['zh-CN', '最后'], ['zh-TW', '最後'], ['ja-JP', '最後'], ['en-US', 'last']]) {
      expect(text(locale, 'commands.qq-user.link.options.title'), locale).to.contain(last)
    }
  })

  it('says why there is none', async () => {
    await start()
    for (const param of ['a_b', '海报', 'x'.repeat(33)]) {
      expect(await ask(`qq-user.link ${param}`), param).to.equal(message('link.failed', { reason: reason('bad-param'), code: '' }).trimEnd())
    }
    platform.links.misbehaviour.push({ status: 200, body: { retcode: 10044, msg: 'no' } })
    expect(await ask('qq-user.link poster')).to.equal(message('link.failed', { reason: reason('no-right'), code: 10044 }))
    expect(await ask('qq-user.link poster -b nobody')).to.equal(noBot())
    expect(await rows()).to.deep.equal([])
  })

  it('is for operators', async () => {
    await start()
    await enroll('USER', 2)
    await ask('qq-user.link poster', 'USER')
    await ask('qq-user.links', 'USER')
    expect(platform.links.asked).to.deep.equal([])
  })

  it('tells in its help how texts can differ by it, in every language', async () => {
    await start()
    for (const [locale, tag] of [['zh-CN', '说'], ['zh-TW', '說'], ['ja-JP', 'パ'], ['en-US', 'parameter']]) {
      const usage = text(locale, 'commands.qq-user.link.usage')
      expect(usage, locale).to.contain(tag === '说' || tag === '說' ? '破冰' : tag)
      const example = usage.split('\n').at(-1)!
      const scope = (sceneParam: string) => ({
        user: { id: '', name: '' }, bot: { id: '', name: '' }, event: { scene: 2003, sceneParam, timestamp: new Date(), returning: false },
      })
      const [one, other] = ['poster', 'flyer'].map(param => render(example, scope(param)).join(''))
      expect(one).not.to.equal(other)
      expect(one + other).not.to.match(/[{}&]/)
    }
  })
})

describe('qq-user.links', () => {
  afterEach(() => harness.stop())

  it('lists the links with their numbers, ten a page', async () => {
    await start()
    expect(await ask('qq-user.links')).to.equal(message('links.empty'))
    platform.add('A', { scene: 2003, sceneParam: 'poster' })
    platform.add('B', { scene: 2003, sceneParam: 'poster' })
    platform.remove('A')
    await until(async () => (await harness.users).some(({ relation }) => relation === 'deleted'))
    const { links } = harness.app.qqUser
    await links.create(platform.selfId, 'poster', { title: '<at id="1"/> {1+1}' })
    expect((await ask('qq-user.links')).split('\n')).to.deep.equal([
      message('links.header', { count: 1, page: 1, pages: 1 }),
      'poster  <at id="1"/> {1+1}',
      message('links.numbers', { users: 2, friends: 1, rejected: 0 }),
      message('links.hint'),
    ])
    const { selfId } = platform
    await harness.app.database.upsert('qq_user_link', Array.from({ length: 11 }, (_, index) => {
      return { selfId, sceneParam: `p${index}`, url: 'https://bot.q.qq.com/s/x', title: '', createdAt: new Date(index * 1000) }
    }))
    const first = (await ask('qq-user.links')).split('\n')
    expect(first).to.have.length(22)
    expect(first.at(-1)).to.equal(message('links.more', { next: 2 }))
    expect((await ask('qq-user.links -p 2')).split('\n').slice(1, -1).filter((_, index) => !(index % 2))).to.deep.equal(['p1', 'p0'])
    expect(await ask('qq-user.links -p 3')).to.equal(message('links.no-page', { pages: 2 }))
    expect(await ask('qq-user.links -b nobody')).to.equal(noBot())
  })
})
