/** Rule: an error in the body of an answer counts whatever the HTTP status; where neither it nor an id is known, the outcome is open. */
import { expect } from 'chai'
import { h } from 'koishi'
import { readFailure } from '../../src/delivery/codes'
import { Harness, silent, until } from '../harness'

describe('an answer whose body carries an error', () => {
  let harness: Harness

  beforeEach(async () => {
    harness = await Harness.start({ config: silent })
    harness.platform.add('A')
    await harness.settled(1)
  })

  afterEach(() => harness.stop())

  const push = () => harness.app.qqUser.push(harness.platform.selfId, 'A', 'news').catch(error => error)
  const send = () => harness.bot.internal.sendPrivateMessage('A', { content: 'news', msg_type: 0 })

  for (const status of [200, 201, 202]) {
    it(`is a refusal with HTTP ${status}, and teaches as any other does`, async () => {
      harness.platform.fail({ status, body: { err_code: 40054013, message: 'x' } })
      expect(await push()).to.include({ name: 'PushError', reason: 'rejected' })
      await harness.settled(2)
      expect((await harness.users)[0].consent).to.equal('rejected')
    })

    it(`waits for audit with HTTP ${status}, and is no failure`, async () => {
      for (const body of [{ code: 304023 }, { err_code: 304024 }, { audit_id: 'a' }, { code: '304023', data: { message_audit: { audit_id: 'a' } } }]) {
        harness.platform.fail({ status, body })
        expect(await push()).to.deep.equal([])
      }
    })
  }

  for (const type of ['text/plain', 'application/octet-stream', 'text/html; charset=utf-8']) {
    for (const status of [200, 400, 500]) {
      it(`is a refusal with HTTP ${status}, if it is said to be ${type}`, async () => {
        harness.platform.fail({ status, type, body: { err_code: 40054013, message: 'x' } })
        expect(await push()).to.include({ name: 'PushError', reason: 'rejected', code: 40054013 })
        await harness.settled(2)
        expect((await harness.users)[0].consent).to.equal('rejected')
      })
    }

    it(`is none if it is said to be ${type} and has an id`, async () => {
      harness.platform.fail({ status: 200, type, body: { id: 'm', timestamp: '2026-01-01T00:00:00+08:00' } })
      expect(await push()).to.deep.equal(['m'])
    })
  }

  const nothing: [body: string | object, status?: number, type?: string][] = [
    [{}], [[]], ['null'], ['0'], [''], ['', 204], ['', 200, 'text/html'], ['<html>', 200, 'text/html'], ['{', 200, 'text/plain'], [{ code: 0 }], [{ data: {} }],
  ]
  for (const [body, status = 200, type] of nothing) {
    it(`leaves it open what became of the message where there is no word of it: HTTP ${status} ${JSON.stringify(body)} ${type ?? ''}`, async () => {
      harness.platform.fail({ status, type, body })
      expect(await push()).to.include({ reason: 'unknown-outcome', retryable: false })
      await harness.app.qqUser.push(harness.platform.selfId, 'A', 'news')
      expect(harness.platform.posts).to.have.length(2)
    })
  }

  it('lifts no suspension where there is no word of a message', async () => {
    for (const userId of ['B', 'C', 'D']) harness.platform.add(userId)
    await harness.settled(4)
    harness.platform.fail({ code: 40034105, times: 3 })
    for (const userId of ['B', 'C', 'D']) await harness.app.qqUser.push(harness.platform.selfId, userId, 'news').catch(() => {})
    harness.plugin!.update({ ...silent, push: { guard: false } })
    await until(() => harness.app.get('qqUser'))
    harness.platform.fail({ status: 200, body: {} })
    await send().catch(() => {})
    expect(await harness.app.qqUser.canPush(harness.platform.selfId, 'A')).to.include({ reason: 'no-permission' })
    await send()
    expect(await harness.app.qqUser.canPush(harness.platform.selfId, 'A')).to.include({ ok: true })
  })

  it('is one the adapter knows, whoever sends', async () => {
    harness.platform.fail({ status: 200, body: { code: 40054013, message: 'x' } })
    const error = await send().catch((error: unknown) => error)
    expect(harness.bot.ctx.http.isError(error)).to.equal(true)
    expect(error).to.deep.include({ message: 'refused by the code of a successful answer' })
  })

  it('leaves it open what became of the message where the code is not known and there is no id', async () => {
    harness.platform.fail({ status: 200, body: { code: 40099999, message: 'x' } })
    expect(readFailure(await send().catch((error: unknown) => error))).to.deep.equal({ meaning: 'unknown-outcome', undelivered: false, code: 40099999 })
  })

  it('is none where the message got an id and the code is not known, or zero', async () => {
    for (const code of [0, '0', 1, 'ok']) {
      harness.platform.fail({ status: 200, body: { id: 'm', code } })
      expect((await send()).id).to.equal('m')
    }
  })

  it('is what it says with HTTP 500, too', async () => {
    harness.platform.fail({ status: 500, body: { err_code: 40054004 } })
    expect(await push()).to.include({ reason: 'deleted' })
  })

  for (const status of [400, 413, 502]) {
    it(`leaves it open what became of the message where it cannot be read, with HTTP ${status}`, async () => {
      harness.platform.fail({ status, body: '<html>' })
      expect(await push()).to.include({ reason: 'unknown-outcome' })
    })
  }

  it('is seen no more once the plugin is gone', async () => {
    harness.plugin!.dispose()
    harness.platform.fail({ status: 200, body: { code: 40054013 } })
    expect((await send() as any).code).to.equal(40054013)
  })
})

describe('a refusal, wherever its code stands', () => {
  let harness: Harness

  afterEach(() => harness.stop())

  for (const field of ['both', 'code', 'err_code'] as const) {
    it(`teaches who said no and who left (${field})`, async () => {
      harness = await Harness.start({ config: silent })
      const { app, platform } = harness
      platform.codeField = field
      for (const userId of ['A', 'B']) platform.add(userId)
      await harness.settled(2)
      platform.users.get('A')!.push = false
      platform.users.get('B')!.friend = false
      for (const userId of ['A', 'B']) await app.qqUser.push(platform.selfId, userId, 'news').catch(() => {})
      await harness.settled(4)
      expect(await app.qqUser.canPush(platform.selfId, 'A')).to.include({ reason: 'rejected' })
      expect(await app.qqUser.canPush(platform.selfId, 'B')).to.include({ reason: 'deleted' })
    })

    it(`of a greeting's id makes it take the next way (${field})`, async () => {
      harness = await Harness.start({ config: { ...silent, icebreaker: { enabled: true } } })
      const { platform } = harness
      platform.codeField = field
      platform.fail({ code: 40034026 })
      platform.add('A')
      const [entry] = await harness.settled(1)
      expect(entry.notice).to.equal('sent')
      expect(platform.posts.map(({ route, code }) => [route, code])).to.deep.equal([['event', 40034026], ['proactive', undefined]])
    })
  }
})

describe('a refused upload', () => {
  let harness: Harness

  beforeEach(async () => {
    harness = await Harness.start({ config: silent })
    harness.platform.add('A')
    await harness.settled(1)
  })

  afterEach(() => harness.stop())

  const picture = '<img src="data:image/png;base64,AAAA"/>'
  const push = () => harness.app.qqUser.push(harness.platform.selfId, 'A', h.parse(picture)).catch(error => error)

  const answers: [what: string, status: number, body: unknown, code?: number][] = [
    ['with a code', 400, { code: 850026, message: 'x' }, 850026],
    ['with a code and HTTP 500', 500, { err_code: 850026, message: 'x' }, 850026],
    ['with a code and HTTP 200', 200, { err_code: 850026, message: 'x' }, 850026],
    ['that is too large', 413, { message: 'too large' }],
    ['that is too large, says a gateway', 413, '<html>too large</html>'],
    ['that is too large, says nobody', 413, undefined],
  ]

  for (const [what, status, body, code] of answers) {
    it(`${what} keeps its code, and is certain`, async () => {
      harness.platform.fileAnswer = { status, body }
      expect(await push()).to.include({ name: 'PushError', reason: 'refused', code })
      expect(harness.platform.posts).to.deep.equal([])
    })
  }

  it('teaches as a refused message does, and is told of', async () => {
    harness.platform.fileCode = 11298
    expect(await push()).to.include({ reason: 'refused', code: 11298, retryable: true })
    expect(harness.warnings.filter(line => line.includes('address (11298)'))).to.have.length(1)
    harness.platform.fileCode = 40054013
    expect(await push()).to.include({ reason: 'rejected', code: 40054013 })
    await harness.settled(2)
    expect((await harness.users)[0].consent).to.equal('rejected')
  })

  it('teaches those, too, that another plugin sends by it', async () => {
    harness.platform.fileCode = 40034105
    await harness.bot.internal.sendFilePrivate('A', { file_type: 1, url: 'https://example.com/a.png', srv_send_msg: true }).catch(() => {})
    expect(await harness.app.qqUser.canPush(harness.platform.selfId, 'A')).to.deep.equal({ ok: false, reason: 'no-permission' })
  })

  it('of a message of which a part arrived says which code stopped the rest', async () => {
    harness.platform.fileCode = 11298
    const error = await harness.app.qqUser.push(harness.platform.selfId, 'A', h.parse(`hi${picture}`)).catch(error => error)
    expect(error).to.include({ name: 'PushError', reason: 'unknown-outcome', code: 11298, detail: 'only a part of it arrived: address (11298)' })
    expect(harness.platform.posts.map(({ body }) => body.content)).to.deep.equal(['hi'])
  })

  it('of a greeting of which a part arrived stands in the ledger', async () => {
    harness.plugin!.update({ ...silent, icebreaker: { enabled: true, content: `hi${picture}` } })
    await until(() => harness.app.get('qqUser'))
    harness.platform.fileCode = 11298
    harness.platform.add('B')
    const entry = (await harness.settled(2)).find(({ userId }) => userId === 'B')
    expect(entry).to.include({ notice: 'failed', noticeReason: 'code:11298' })
  })

  it('of a greeting is told of while it is owed', async () => {
    harness.plugin!.update({ ...silent, icebreaker: { enabled: true, content: picture } })
    await until(() => harness.app.get('qqUser'))
    harness.platform.fileCode = 11298
    harness.platform.add('B')
    await until(() => harness.warnings.some(line => line.includes('address (11298)')))
    const entry = (await harness.ledger).find(({ userId }) => userId === 'B')
    expect(entry).to.include({ notice: 'pending' })
  })
})
