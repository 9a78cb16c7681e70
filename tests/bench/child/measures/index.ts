export * from './process'
export * from './console'
export * from './fill'
export * from './roster'
