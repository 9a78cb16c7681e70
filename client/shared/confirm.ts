import { messageBox } from '@koishijs/client'

export interface Question {
  title: string
  message: string
  confirm: string
  cancel: string
  dangerous?: boolean
}

/** Asks the operator, who may think better of it. */
export async function confirm({ title, message, confirm, cancel, dangerous }: Question) {
  try {
    await messageBox.confirm(message, title, {
      customClass: 'qq-user-confirm',
      confirmButtonText: confirm,
      cancelButtonText: cancel,
      type: dangerous ? 'warning' : undefined,
      confirmButtonClass: dangerous ? 'el-button--danger' : '',
      // what is shown may come from users
      dangerouslyUseHTMLString: false,
      autofocus: !dangerous,
    })
    return true
  } catch {
    return false
  }
}
