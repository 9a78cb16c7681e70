/** What a text can refer to in `{}`. */
export interface Scope {
  user: { id: string; name: string }
  bot: { id: string; name: string }
  event: {
    /** Where the user came from, as the platform numbers it. */
    scene: number | null
    /** The developer's own data on the link that the user followed. */
    sceneParam: string
    timestamp: Date
    /** Whether the user had been known before. */
    returning: boolean
  }
}

/** Something about each variable. */
export type Variables<T> = { [K in keyof Scope]: { [P in keyof Scope[K]]: T } }

/** Who wrote them: the operator or this plugin, or others, who may write anything. */
export const variables: Variables<'own' | 'foreign'> = {
  user: { id: 'foreign', name: 'foreign' },
  bot: { id: 'own', name: 'own' },
  event: { scene: 'own', sceneParam: 'foreign', timestamp: 'own', returning: 'own' },
}

/** Which of them a broadcast can refer to: those that need no event, as a broadcast answers none. */
export const eventless = { user: true, bot: true, event: false } as const satisfies Record<keyof Scope, boolean>

export type EventlessVariable = { [K in keyof Scope]: typeof eventless[K] extends true ? `${K}.${keyof Scope[K] & string}` : never }[keyof Scope]
