import en from './en-US.yml'
import zh from './zh-CN.yml'

/** The language of the system, where it is one of these two. */
export const language = Intl.DateTimeFormat().resolvedOptions().locale.startsWith('zh') ? 'zh-CN' : 'en-US'

export const words = language === 'zh-CN' ? zh : en
