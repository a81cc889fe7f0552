import { HeldName, type Holder } from './held_name';
import { openChannel } from './open_channel';

/** Milliseconds within which the holder of a lock must answer a request. A frozen or hanging tab doesn't, and so loses the lock. */
export const ANSWERS_WITHIN = 3000;
/** Milliseconds within which a holder that has answered must release the lock. */
export const RELEASES_WITHIN = 30_000;
/** Milliseconds between two requests. Requests are repeated, because the holder may not be listening yet. */
const ASKS_EVERY = 500;

export type WebLocks = Pick<LockManager, 'request' | 'query'>;

/**
 * Requests a Web Lock. Resolves with undefined if `ifAvailable` is set and the lock is held. Rejects with the signal's reason, or with the
 * browser's error if the page may not use locks.
 */
export function requestLock(
  locks: WebLocks,
  name: string,
  options: LockOptions,
  holder: Holder | undefined,
  wasTaken = false,
): Promise<HeldName | undefined> {
  return new Promise((resolve, reject) => {
    let held: HeldName | undefined;
    locks
      .request(name, options, (lock) => {
        if (lock === null) return resolve(undefined);
        held = new HeldName(holder, wasTaken, (own) => checkLock(locks, name, own));
        if (holder !== undefined) answer(locks, name, held);
        resolve(held);
        return held.over;
      })
      .catch((error: unknown) => (held === undefined ? reject(error) : held.lose())); // another tab stole the lock
  });
}

/**
 * Queues for a lock and asks its holder to release it. If the holder doesn't answer, or answers but doesn't release the lock in time, the
 * lock is stolen. Rejects with `signal.reason` when aborted.
 */
export async function takeLockOver(
  locks: WebLocks,
  name: string,
  { holder, signal }: { readonly holder?: Holder | undefined; readonly signal?: AbortSignal | undefined },
): Promise<HeldName | undefined> {
  const id = crypto.randomUUID();
  const late = new AbortController();
  const giveUpIn = (time: number): ReturnType<typeof setTimeout> => setTimeout(() => late.abort(), time);
  let timer = giveUpIn(ANSWERS_WITHIN);
  let isAnswered = false;
  const channel = openChannel<LockMessage>(name, (message) => {
    if (message?.answers !== id || isAnswered) return;
    isAnswered = true;
    clearTimeout(timer);
    timer = giveUpIn(RELEASES_WITHIN);
  });
  const ask = (): void => channel?.postMessage({ asks: id });
  const again = setInterval(ask, ASKS_EVERY);
  try {
    const ends = signal === undefined ? late.signal : AbortSignal.any([late.signal, signal]);
    const granted = requestLock(locks, name, { signal: ends }, holder, true);
    // Asks after the query has resolved: the request is then in the lock's queue, where the holder looks for it.
    locks.query().then(ask, () => {});
    return await granted;
  } catch (error) {
    signal?.throwIfAborted();
    if (!late.signal.aborted) throw error;
    return await requestLock(locks, name, { steal: true }, holder, true);
  } finally {
    clearTimeout(timer);
    clearInterval(again);
    channel?.close();
  }
}

/** Answers other tabs' requests for a held lock, and passes them to the holder. */
function answer(locks: WebLocks, name: string, held: HeldName): void {
  const channel = openChannel<LockMessage>(name, async (message) => {
    const asks = message?.asks;
    if (asks === undefined) return;
    // A tab that was frozen also receives old messages. Only a tab that still waits has a pending request.
    const { pending = [] } = await locks.query();
    if (held.isOver || !pending.some((request) => request.name === name)) return;
    channel?.postMessage({ answers: asks });
    held.ask();
  });
  held.over.then(() => channel?.close());
}

async function checkLock(locks: WebLocks, name: string, own: HeldName): Promise<void> {
  // Finds out this thread's client id: the query reports it as the holder of a lock that only this thread can hold.
  const probe = `${name}:${crypto.randomUUID()}`;
  const { held = [] } = await locks.request(probe, () => locks.query());
  const holderOf = (lock: string): string | undefined => held.find((one) => one.name === lock)?.clientId;
  if (own.isOver || holderOf(name) === holderOf(probe)) return;
  const holder: Holder = { onAsked: () => own.ask(), onLost: () => own.lose() };
  const again = await requestLock(locks, name, { ifAvailable: true }, holder);
  if (again === undefined) own.lose();
  else own.over.then(() => again.release());
}

interface LockMessage {
  readonly asks?: string;
  readonly answers?: string;
}
