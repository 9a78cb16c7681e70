export * from './driver'
export * from './server'
