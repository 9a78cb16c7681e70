/** Rule: every spec says in its first line which rule it guards, in words of its own. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'

const specs = readdirSync(__dirname, { recursive: true, encoding: 'utf8' }).filter(path => path.endsWith('.spec.ts'))
const firstLines = new Map(specs.map(path => [path, readFileSync(join(__dirname, path), 'utf8').split('\n', 1)[0]]))

describe('the first line of a spec', () => {
  it('says its rule, in 160 characters at most', () => {
    expect(firstLines).to.include.keys('rules.spec.ts')
    for (const [path, line] of firstLines) {
      expect(line, path).to.match(/^\/\*\* Rule: [^*]+\. \*\/$/)
      expect(line, path).to.have.property('length').that.is.at.most(160)
    }
  })

  it('says what no other one says', () => {
    const files = new Map<string, string>()
    for (const [path, line] of firstLines) {
      const rule = line.toLowerCase()
      expect(files.get(rule), `who says the same as ${path}`).to.equal(undefined)
      files.set(rule, path)
    }
  })
})
