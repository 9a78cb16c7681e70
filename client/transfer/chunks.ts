/** Well below the 64 KiB that a call takes: a byte may become a character, but never two. */
const SIZE = 48 * 1024

export interface Chunk {
  text: string
  last: boolean
  /** How much of the file has been read, from 0 to 1. */
  progress: number
}

/** Reads a file piece by piece. @throws TypeError where it is not UTF-8 */
export async function* readChunks(file: Blob): AsyncGenerator<Chunk> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  for (let start = 0, last = false; !last; start += SIZE) {
    const end = Math.min(start + SIZE, file.size)
    last = end === file.size
    const text = decoder.decode(await file.slice(start, end).arrayBuffer(), { stream: !last })
    yield { text, last, progress: file.size ? end / file.size : 1 }
  }
}
