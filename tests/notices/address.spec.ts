/** Rule: what users and the platform supply never becomes a file, data or an address in the own network; the operator's own may be. */
import { expect } from 'chai'
import { judgeAddress } from '../../src/notices/address'

const decide = (value: unknown, { name = 'src', own = '' }: { name?: string; own?: unknown } = {}) => !!judgeAddress({ element: 'img', name, value, own })

describe('what others make of an address', () => {
  it('may be one on the public web', () => {
    for (const url of ['https://example.com/a.png', 'http://example.com:8080/?q=1', 'HTTPS://1.1.1.1/', 'http://[2606:4700::1]/', 'https://例子.中国/图']) {
      expect(decide(url), url).to.equal(true)
    }
  })

  it('is never a file, data or a path', () => {
    const values = [
      'file:///etc/passwd', 'FILE:///etc/passwd', ' file:///etc/passwd', '\u0001file:///etc/passwd', 'fi\nle:///etc/passwd', 'file:/etc/passwd', 'file:etc',
      'data:image/png;base64,AAAA', 'data:,x', 'base64://AAAA', 'blob:https://example.com/1', 'internal:qq/100/x', 'javascript:alert(1)', 'ftp://example.com/a',
      '/etc/passwd', '//example.com/a', '\\\\server\\share', '~/.ssh/id_rsa', './a', '../../etc/passwd', 'C:\\a', 'c:/a', 'etc/passwd', 'a.png', 'x:y',
      'https://', 'http://exa mple.com',
    ]
    for (const name of ['src', 'url', 'href', 'poster', 'data-src', 'avatar', 'style', 'filePath']) {
      for (const value of values) expect(decide(value, { name }), `${name}: ${value}`).to.equal(false)
    }
  })

  it('is never one of the own network, however it is written', () => {
    const hosts = [
      'localhost', 'LOCALHOST.', 'a.localhost', 'printer', 'printer.local', 'db.internal', 'nas.lan', 'x.home.arpa', 'x.intranet',
      '127.0.0.1', '127.1', '2130706433', '0x7f000001', '0177.0.0.1', '127.0.0.1.', '１２７.０.０.１', '%31%32%37.0.0.1', '0', '0.0.0.0',
      '10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1', '169.254.169.254', '100.64.0.1', '198.18.0.1', '224.0.0.1', '255.255.255.255',
      '[::]', '[::1]', '[0:0:0:0:0:0:0:1]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[::127.0.0.1]', '[64:ff9b::7f00:1]', '[2002:7f00:1::]',
      '[fe80::1]', '[fc00::1]', '[fd12::1]', '[ff02::1]', 'user:pass@127.0.0.1', 'example.com@localhost', '127.0.0.1:8080',
    ]
    for (const host of hosts) {
      for (const protocol of ['http:', 'https:']) {
        expect(decide(`${protocol}//${host}/a.png`), host).to.equal(false)
        // in no other attribute either
        expect(decide(`${protocol}//${host}/a.png`, { name: 'whatever' }), host).to.equal(false)
      }
    }
    expect(decide('http:127.0.0.1')).to.equal(false)
    expect(decide('http:\\\\127.0.0.1\\')).to.equal(false)
  })

  it("may be what follows an operator's own host, and nothing else of it", () => {
    const own = 'http://127.0.0.1:8080/avatar/'
    expect(decide('http://127.0.0.1:8080/avatar/U1', { own })).to.equal(true)
    expect(decide('http://127.0.0.1:8080/avatar/U1?a=/b', { own })).to.equal(true)
    expect(decide('http://127.0.0.1:8081/avatar/U1', { own })).to.equal(false)
    expect(decide('https://127.0.0.1:8080/avatar/U1', { own })).to.equal(false)
    expect(decide('http://127.0.0.1:80', { own: 'http://127.0.0.1' })).to.equal(true)
    expect(decide('http://127.0.0.1:8080/', { own: 'http://127.0.0.1' })).to.equal(false)
    expect(decide('mqqapi://card/show?uin=1', { name: 'href', own: 'mqqapi://card/show?uin=' })).to.equal(true)
    expect(decide('file:///srv/img/a.png', { own: 'file:///srv/img/.png' })).to.equal(false)
    expect(decide('file:///srv/img/../../etc/passwd', { own: 'file:///srv/img/' })).to.equal(false)
    expect(decide('data:,a', { own: 'data:,' })).to.equal(false)
  })

  it("may be the operator's own", () => {
    for (const value of ['file:///srv/a.png', '/srv/a.png', 'http://localhost/a.png']) expect(decide(value, { own: value })).to.equal(true)
  })

  it('may be words, where no address is asked for', () => {
    for (const name of ['title', 'text', 'id', 'label', 'whatever']) {
      for (const value of ['Ada', 'Ada: hello', 'a/b', '小明', '', 1, true]) expect(decide(value, { name }), `${name}: ${value}`).to.equal(true)
      for (const value of ['file:///a', 'data:,a', 'http://10.0.0.1/']) expect(decide(value, { name }), `${name}: ${value}`).to.equal(false)
    }
    expect(decide('/help', { name: 'text' })).to.equal(true)
    expect(decide('/help', { name: 'whatever' })).to.equal(false)
  })
})
