import { randomUUID } from 'node:crypto'
import { rfc3339 } from './clock'

const seconds = (ms: number) => Math.floor(ms / 1000)

export interface Arrival {
  scene?: number
  sceneParam?: string
}

/** `arrival` is left out for a user who comes back. */
export function friendAdd(openid: string, time: number, arrival?: Arrival) {
  return {
    openid,
    timestamp: seconds(time),
    ...arrival && {
      scene: arrival.scene ?? 1000,
      ...arrival.sceneParam !== undefined && { scene_param: arrival.sceneParam },
      author: { union_openid: '' },
    },
  }
}

export function plain(openid: string, time: number) {
  return { openid, timestamp: seconds(time) }
}

/** The switch as an interaction. Off is the key being absent. */
export function authorize(openid: string, time: number, push: boolean, optScene: string) {
  return {
    id: randomUUID(),
    type: 18,
    scene: 'c2c',
    user_openid: openid,
    timestamp: rfc3339(time),
    data: { resolved: { authorize_data: { scope: 'c2c_push', opt_scene: optScene, ...push && { switch: true } } } },
  }
}

export function c2cMessage(openid: string, time: number, content: string, username: string, id?: string) {
  return {
    id: id ?? `ROBOT1.0_${randomUUID()}`,
    author: { id: openid, user_openid: openid, union_openid: '', username },
    content,
    timestamp: rfc3339(time),
  }
}

export function groupMessage(groupOpenid: string, memberOpenid: string, time: number, content: string) {
  return {
    id: `ROBOT1.0_${randomUUID()}`,
    author: { id: memberOpenid, member_openid: memberOpenid, union_openid: '' },
    content,
    group_id: groupOpenid,
    group_openid: groupOpenid,
    timestamp: rfc3339(time),
  }
}
