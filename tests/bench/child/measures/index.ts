export * from './process'
export * from './fill'
export * from './roster'
