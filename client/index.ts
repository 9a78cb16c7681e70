import { Context, icons } from '@koishijs/client'
import { defineTexts, KEY } from './shared/i18n'
import Activity from './icons/activity.vue'
import Page from './page.vue'
import { collectOutcomes, ROOT } from './shared/api'

icons.register('activity:qq-user', Activity)

export default (ctx: Context) => {
  const { t } = defineTexts(ctx)
  collectOutcomes(ctx)

  ctx.page({
    id: 'qq-user',
    path: ROOT + '/:path*',
    name: () => t(KEY + 'title'),
    desc: () => t(KEY + 'desc'),
    icon: 'activity:qq-user',
    order: 420,
    authority: 4,
    fields: ['qqUser'],
    component: Page,
  })
}
