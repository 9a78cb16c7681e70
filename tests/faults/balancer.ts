import { once } from 'node:events'
import { AddressInfo, connect, createServer, Socket } from 'node:net'

/** Passes every connection on to one of several ports. */
export async function balance(choose: () => number) {
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const backend = connect(choose(), '127.0.0.1')
    for (const socket of [client, backend]) {
      sockets.add(socket)
      socket.on('close', () => sockets.delete(socket))
    }
    client.on('error', () => backend.destroy())
    backend.on('error', () => client.destroy())
    client.pipe(backend).pipe(client)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}
