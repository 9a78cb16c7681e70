import { deflateSync } from 'node:zlib'
import { encode } from 'uqr'

/** Pixels of each square, and squares of the margin, without which a scanner finds no code. */
const SCALE = 8
const BORDER = 4

/** A picture of a QR code. */
export function toQRCode(text: string): Buffer {
  return toPNG(encode(text, { ecc: 'M', border: BORDER }).data, SCALE)
}

/** A picture in black (true) and white, a bit for each pixel. */
export function toPNG(squares: boolean[][], scale: number): Buffer {
  const width = squares[0].length * scale
  const rows = squares.map((row) => {
    // after the kind of filter, which is none
    const bytes = Buffer.alloc(1 + Math.ceil(width / 8))
    for (let x = 0; x < width; x++) {
      if (!row[Math.floor(x / scale)]) bytes[1 + (x >> 3)] |= 0x80 >> (x & 7)
    }
    return Array<Buffer>(scale).fill(bytes)
  })
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(squares.length * scale, 4)
  header[8] = 1
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    toChunk('IHDR', header),
    toChunk('IDAT', deflateSync(Buffer.concat(rows.flat()))),
    toChunk('IEND', Buffer.alloc(0)),
  ])
}

function toChunk(type: string, data: Buffer) {
  const content = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const chunk = Buffer.alloc(content.length + 8)
  chunk.writeUInt32BE(data.length, 0)
  content.copy(chunk, 4)
  chunk.writeUInt32BE(toChecksum(content), content.length + 4)
  return chunk
}

/** CRC-32, which not every version of Node has. */
function toChecksum(bytes: Buffer) {
  let crc = ~0
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = crc >>> 1 ^ (crc & 1 ? 0xedb88320 : 0)
  }
  return ~crc >>> 0
}
