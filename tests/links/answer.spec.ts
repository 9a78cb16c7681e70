/** Rule: the platform's answer to a request for a link is a link, wherever it stands, a refusal with its code, or nothing. */
import { expect } from 'chai'
import { readLink, toLinkError } from '../../src/links/answer'

describe('the answer to a request for a link', () => {
  const url = 'https://bot.q.qq.com/s/abc123'
  const read = (body: unknown) => {
    try {
      return readLink(body)
    } catch (error) {
      const { reason, code, detail } = toLinkError(error)
      return { reason, code, detail }
    }
  }

  it('has the link in one of three places', () => {
    expect(read({ retcode: 0, msg: 'success', data: { url } })).to.equal(url)
    expect(read({ data: { url } })).to.equal(url)
    expect(read({ url_link: url })).to.equal(url)
  })

  it('is a refusal by its retcode, or by the code of any other refusal, whatever else is in it', () => {
    expect(read({ retcode: 51, msg: 'invalid callback data', data: { url } })).to.deep.equal({ reason: 'refused', code: 51, detail: 'invalid callback data' })
    expect(read({ retcode: '10044', msg: 'no' })).to.deep.equal({ reason: 'no-right', code: 10044, detail: 'no' })
    expect(read({ code: 100017, err_code: 40023001, message: 'interface called too often' }))
      .to.deep.equal({ reason: 'rate', code: 40023001, detail: 'interface called too often' })
    expect(read({ retcode: 4711 })).to.deep.equal({ reason: 'refused', code: 4711, detail: undefined })
  })

  it('is none without a link', () => {
    const bodies = [
      undefined, null, '', 'hello', 5, [], {}, { retcode: 0 }, { data: null }, { data: {} }, { data: { url: 5 } }, { url_link: '' },
      { url_link: 'bot.q.qq.com/s/abc' }, { url_link: 'javascript:alert(1)' }, { url_link: 'https://a b' }, { url_link: 'https://' + 'x'.repeat(1000) },
    ]
    for (const body of bodies) expect(read(body), JSON.stringify(body)).to.deep.include({ reason: 'no-link', code: undefined })
  })
})
