import { withDice } from '../random'
import { Options, World } from './world'

/** Lives through some worlds. */
export async function explore(count: number, options: Options) {
  for (let world = 0; world < count; world++) await withDice(dice => new World(dice, options).run())
}
