/** Mulberry32: the same numbers below 1 for the same seed. */
export function random(seed: number) {
  return () => {
    seed = seed + 0x6d2b79f5 | 0
    let t = Math.imul(seed ^ seed >>> 15, 1 | seed)
    t = t + Math.imul(t ^ t >>> 7, 61 | t) ^ t
    return ((t ^ t >>> 14) >>> 0) / 4294967296
  }
}

/** Dice for tests. `SEED` in the environment throws the same ones again. */
export class Dice {
  /** A number below 1. */
  readonly next: () => number

  constructor(readonly seed = Number(process.env.SEED) || Math.floor(Math.random() * 0xffffffff)) {
    this.next = random(seed)
  }

  below(count: number) {
    return Math.floor(this.next() * count)
  }

  chance(probability: number) {
    return this.next() < probability
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]
  }

  shuffle<T>(list: readonly T[]): T[] {
    const result = [...list]
    for (let index = result.length - 1; index > 0; index--) {
      const other = this.below(index + 1)
      ;[result[index], result[other]] = [result[other], result[index]]
    }
    return result
  }
}

/** Runs what throws dice, so that its failure tells how to throw them again. */
export async function withDice<T>(callback: (dice: Dice) => Promise<T>): Promise<T> {
  const dice = new Dice()
  try {
    return await callback(dice)
  } catch (error) {
    (error as Error).message = `SEED=${dice.seed}: ${(error as Error).message}`
    throw error
  }
}
