import { toArray } from './bytes/to_array';

/** Returns the ids of the tokens that a generation streams. */
export async function idsOf(generation: AsyncIterable<{ readonly token_id: number }>): Promise<number[]> {
  return (await toArray(generation)).map(({ token_id }) => token_id);
}
