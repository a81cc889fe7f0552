import { type Clock, systemClock } from '../../core/async/clock';

/**
 * The shortest time limit for a worker's start, in seconds: on a slow connection, downloading its script takes almost a minute. A missing
 * or refused script fails at once.
 */
const LEAST = 60;

/** Returns the milliseconds within which a worker must report that it is ready. `patience`: the session's, in seconds. */
export function startLimit(patience: number): number {
  return 1000 * Math.max(LEAST, patience);
}

/**
 * The clock for a worker's start. In a prerendered page, a time limit begins when the visitor opens the page, because browsers start no
 * workers before. A limit of 2³¹ ms or more never ends, because a timer can't measure it.
 */
export const startClock: Clock = {
  ...systemClock,
  after(milliseconds, call) {
    const page = globalThis.document as (EventTarget & { readonly prerendering?: boolean }) | undefined;
    let callOff = (): void => page?.removeEventListener('prerenderingchange', begin);
    const begin = (): void => {
      if (milliseconds < 2 ** 31) callOff = systemClock.after(milliseconds, call);
    };
    if (page?.prerendering) page.addEventListener('prerenderingchange', begin, { once: true });
    else begin();
    return () => callOff();
  },
};
