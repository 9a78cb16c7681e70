import { encode, renderSVG } from 'uqr'

/** Without a margin of four squares no scanner finds a code. */
const OPTIONS = { ecc: 'M', border: 4 } as const
const SCALE = 16

/** How many squares wide a code is, and the black ones, as the path of an SVG. */
export function toPath(text: string) {
  const { data, size } = encode(text, OPTIONS)
  const squares = data.flatMap((row, y) => row.flatMap((black, x) => black ? [`M${x} ${y}h1v1h-1z`] : []))
  return { size, path: squares.join('') }
}

export function toSVG(text: string) {
  return new Blob([renderSVG(text, OPTIONS)], { type: 'image/svg+xml' })
}

export function toPNG(text: string): Promise<Blob> {
  const { data, size } = encode(text, OPTIONS)
  const canvas = document.createElement('canvas')
  canvas.width = canvas.height = size * SCALE
  const pen = canvas.getContext('2d')!
  pen.fillStyle = '#fff'
  pen.fillRect(0, 0, canvas.width, canvas.height)
  pen.fillStyle = '#000'
  data.forEach((row, y) => row.forEach((black, x) => black && pen.fillRect(x * SCALE, y * SCALE, SCALE, SCALE)))
  return new Promise((resolve, reject) => canvas.toBlob(blob => blob ? resolve(blob) : reject(new Error('failed')), 'image/png'))
}

/** Hands a file to the operator. */
export function save(name: string, blob: Blob) {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(blob)
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
}
