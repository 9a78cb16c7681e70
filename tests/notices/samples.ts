import { render } from '../../src/notices/template'
import { Scope } from '../../src/notices/variables'

export function scope({ user, bot, event }: { user?: Partial<Scope['user']>; bot?: Partial<Scope['bot']>; event?: Partial<Scope['event']> } = {}): Scope {
  return {
    user: { id: 'U1', name: 'Ada', ...user },
    bot: { id: '100', name: 'Robo', ...bot },
    event: { scene: 1001, sceneParam: 'poster', timestamp: new Date(2026, 0, 2, 15, 4, 5), returning: false, ...event },
  }
}

/** The text as it is sent. */
export const text = (source: string, values?: Scope) => render(source, values ?? scope()).map(element => element.toString(true)).join('')
export const markup = (source: string, values?: Scope) => render(source, values ?? scope()).join('')
