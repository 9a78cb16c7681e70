import { withDice } from '../random'
import { Options, World } from './world'

/** How many worlds of each kind there are; more on demand. */
const COUNT = Number(process.env.WORLDS) || 1

/** Lives through some worlds. */
export async function explore(options: Options) {
  for (let world = 0; world < COUNT; world++) await withDice(dice => new World(dice, options).run())
}
