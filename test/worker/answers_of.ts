import type { Answers } from '../../src/worker/rpc/call_protocol';

/** Binds the functions that answer calls to the parts of a session that they use (`room`). */
export function answersOf<Calls extends object, Room>(answers: Answers<Calls, Room>, room: Room): Calls {
  const bound = Object.entries<(...args: unknown[]) => unknown>(answers as Record<string, never>).map(
    ([name, answer]) => [name, (...args: unknown[]) => answer.apply(room, args)],
  );
  return Object.fromEntries(bound) as Calls;
}
