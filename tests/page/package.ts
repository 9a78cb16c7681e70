import { execFile } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const root = resolve(__dirname, '../..')
const name = 'koishi-plugin-qq-user'

/** The plugin as its users get it: packed, and unpacked into an app of its own. */
export class Package {
  private constructor(readonly folder: string) {}

  static async install() {
    const folder = await mkdtemp(join(tmpdir(), 'qq-user-page-'))
    const installed = new Package(folder)
    await build('yakumo', ['lib/index.js'], ['src', 'locales'])
    await build('koishi-console', ['dist/index.js', 'dist/style.css'], ['client'])
    await run('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], { cwd: root })
    const tarball = (await readdir(folder)).find(file => file.endsWith('.tgz'))!
    await writeFile(join(folder, 'package.json'), '{ "name": "app", "private": true }')
    await mkdir(installed.path, { recursive: true })
    await run('tar', ['-xzf', join(folder, tarball), '-C', installed.path, '--strip-components=1'])
    await borrow(join(root, 'node_modules'), join(folder, 'node_modules'))
    return installed
  }

  get path() {
    return join(this.folder, 'node_modules', name)
  }

  remove() {
    return rm(this.folder, { recursive: true, force: true })
  }
}

/** Builds what is older than what it is made of. */
async function build(tool: string, outputs: string[], sources: string[]) {
  const built = Math.min(...outputs.map(file => existsSync(join(root, file)) ? statSync(join(root, file)).mtimeMs : 0))
  if (built < Math.max(...sources.map(folder => newest(join(root, folder))))) await run(join(root, 'node_modules/.bin', tool), ['build'], { cwd: root })
}

function newest(folder: string): number {
  return Math.max(...readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && !entry.name.endsWith('.png'))
    .map(entry => statSync(join(entry.parentPath, entry.name)).mtimeMs))
}

/** Everything else that an app needs is what this repository has already. */
async function borrow(from: string, to: string) {
  for (const entry of await readdir(from)) {
    if (entry.startsWith('.')) continue
    if (!entry.startsWith('@')) {
      await link(join(from, entry), join(to, entry))
      continue
    }
    await mkdir(join(to, entry), { recursive: true })
    for (const scoped of await readdir(join(from, entry))) await link(join(from, entry, scoped), join(to, entry, scoped))
  }
}

async function link(target: string, path: string) {
  if (!existsSync(path)) await symlink(target, path)
}
