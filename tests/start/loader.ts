import { Dict, Loader } from 'koishi'
import type {} from '@koishijs/plugin-config'

const packages: Dict<string> = {
  'adapter-qq': '@satorijs/adapter-qq',
  'config': '@koishijs/plugin-config',
  'console': '@koishijs/plugin-console',
  'database-sqlite': '@minatojs/driver-sqlite',
  'http': '@koishijs/plugin-http',
  'locales': '@koishijs/plugin-locales',
  'qq-user': '../..',
  'server': '@koishijs/plugin-server',
}

const sources: Dict<string> = { 'qq-user': '../../src' }

/** Koishi's own loader, with this plugin from its source and the others under the names that users know. */
export class SourceLoader extends Loader {
  async import(name: string) {
    return require(sources[name] ?? packages[name])
  }

  /** Would rewrite the `package.json` of the working directory. */
  async migrate() {
    this.migrateEntry('group', this.config.plugins!)
  }

  /** There is no other process that would start this one again. */
  fullReload() {}

  /** Keeps the config as it is, and says nothing, while the app is taken down. */
  freeze() {
    this.writeConfig = async () => {}
    Object.assign(this, { logUpdate() {} })
  }

  /** Shows all of them on the config page, which else knows only what is installed. */
  list() {
    const { packages: provider } = this.app.console.services
    if (provider) provider.collect = async () => Object.entries(packages).map(([shortname, path]) => toListed(shortname, path))
  }
}

function toListed(shortname: string, path: string) {
  const { koishi = {}, version, description, peerDependencies = {} } = require(path + '/package.json')
  const service = { required: [], optional: [], implements: [], ...koishi.service }
  return {
    shortname,
    workspace: path.startsWith('.'),
    manifest: { description, locales: [], ...koishi, service },
    package: { name: `koishi-plugin-${shortname}`, version, peerDependencies, peerDependenciesMeta: {} },
  }
}
