import { BlockList, isIP } from 'node:net'

/** An attribute that holds what a user or the platform wrote. */
export interface Foreign {
  element: string
  name: string
  value: unknown
  /** What the attribute is when they wrote nothing, that is the operator's share of it. */
  own: unknown
  /** What of it stands before anything of theirs; nothing where that is not known. */
  before?: string
}

/** Attributes that hold no address but words, which may begin with a slash as commands do. */
const words = /^(?:title|text|alt|label|name|id|role|class|type|content|lang|placeholder)$/i
/** Attributes that are loaded or followed. */
const addresses = /src|url|uri|href|link|file|path|poster|image|avatar|icon|cover|background|cache|style/i

const inner = ['file:', 'data:', 'base64:', 'blob:', 'filesystem:', 'internal:', 'javascript:', 'vbscript:', 'about:']
const web = ['http:', 'https:', 'ws:', 'wss:', 'ftp:']

const networks = {
  ipv4: toList(
    '0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.0.0.0/24', '192.0.2.0/24', '192.88.99.0/24',
    '192.168.0.0/16', '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4',
  ),
  // the first holds the loopback and IPv4 addresses written as IPv6; some of the others are translated to IPv4, too
  ipv6: toList(
    '::/8', '64:ff9b::/16', '100::/64', '2001::/23', '2001:db8::/32', '2002::/16', 'fc00::/7', 'fe80::/10', 'fec0::/10', 'ff00::/8',
  ),
}

const innerNames = /(?:^|\.)(?:localhost|localdomain|local|internal|intranet|private|corp|home|lan|arpa)$/

/**
 * Decides whether an attribute may be what others made of it: not a path, not a file, no data, and nothing in the own
 * network. An operator's own address stays the operator's business, whatever comes after its host.
 *
 * @returns the address on the web that others chose, if it is one: what its name stands for is still to be asked
 */
export function judgeAddress({ name, value, own, before }: Foreign): boolean | URL {
  if (typeof value !== 'string' || value === own || value === before) return true
  const text = value.replace(/^[\0-\x20]+/, '')
  if (!text) return true
  const url = toURL(text)
  if (!words.test(name) && /^(?:[\\/~]|\.{1,2}[\\/]|[a-z]:[\\/])/i.test(text)) return false
  if (!url) return !addresses.test(name)
  if (inner.includes(url.protocol)) return false
  if (isSameHost(url, own) && (before === undefined || fixesHost(before, url))) return true
  if (web.includes(url.protocol)) return isPublic(url.hostname) && (!addresses.test(name) || /^https?:$/.test(url.protocol)) && url
  return !addresses.test(name)
}

function toURL(text: string) {
  try {
    return new URL(text)
  } catch {}
}

function isSameHost({ protocol, host, username }: URL, own: unknown) {
  const url = typeof own === 'string' ? toURL(own) : undefined
  return url?.protocol === protocol && url.host === host && url.username === username
}

/** Whether the operator's own beginning goes beyond the host, so that others have no say in it. */
function fixesHost(before: string, { host }: URL) {
  return /^[a-z][a-z\d+.-]*:[\\/]{2}[^\\/?#]+[\\/?#]/i.test(before) && toURL(before)?.host === host
}

function isPublic(hostname: string) {
  const host = hostname.replace(/^\[|\]$/g, '').replace(/\.+$/, '')
  if (isIP(host)) return !networks[toFamily(host)].check(host, toFamily(host))
  return host.includes('.') && !innerNames.test(host)
}

function toFamily(address: string) {
  return address.includes(':') ? 'ipv6' : 'ipv4'
}

function toList(...subnets: string[]) {
  const list = new BlockList()
  for (const subnet of subnets) {
    const [address, prefix] = subnet.split('/')
    list.addSubnet(address, +prefix, toFamily(address))
  }
  return list
}
