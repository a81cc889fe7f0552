import type { Answers } from '../../src/worker/rpc/call_protocol';

/** Makes the functions that answer a page's calls usable alone: their `this` becomes `room`, the parts of a session that they use. */
export function answersOf<Calls extends object, Room>(answers: Answers<Calls, Room>, room: Room): Calls {
  const bound = Object.entries<(...args: unknown[]) => unknown>(answers as Record<string, never>).map(
    ([name, answer]) => [name, (...args: unknown[]) => answer.apply(room, args)],
  );
  return Object.fromEntries(bound) as Calls;
}
