import { useColorMode } from '@koishijs/client'
import { nextTick, ref, watch } from 'vue'

export interface Palette {
  text: string
  faint: string
  line: string
  card: string
  primary: string
  success: string
  warning: string
  danger: string
}

const variables: Record<keyof Palette, string> = {
  text: '--fg1',
  faint: '--fg2',
  line: '--k-color-divider',
  card: '--k-card-bg',
  primary: '--k-color-primary',
  success: '--k-color-success',
  warning: '--k-color-warning',
  danger: '--k-color-danger',
}

function read() {
  const style = getComputedStyle(document.documentElement)
  const entries = Object.entries(variables).map(([key, variable]) => [key, style.getPropertyValue(variable).trim()])
  return Object.fromEntries(entries) as Palette
}

/** The theme's colours for what CSS does not reach. */
export function usePalette() {
  const palette = ref(read())
  const update = async () => {
    // the console switches its theme after everything else was rendered
    await nextTick()
    requestAnimationFrame(() => palette.value = read())
  }
  watch(useColorMode(), update, { flush: 'post' })
  return palette
}
