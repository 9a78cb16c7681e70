/** The same with every key there, though what may be missing may be `undefined`: a key that is forgotten does not compile. */
export type Complete<T> = { [K in keyof Required<T>]: T[K] }
