import { type Endpoint, expose, transfer } from 'comlink';
import { type ChatAnswer, type ChatOutcome, type ChatQuestion, isChatMessage } from '../../core/types/chat';
import { errorToData, isHeartbeat, type Outcome, toKnownError, type WorkerMessage } from '../../core/types/wire';
import { VERSION } from '../../core/version';
import { imageDecoder } from '../../images/decode_image';
import type { SessionHost, WorkerEnd, WorkerEvent, WorkerSession } from '../protocol';
import { guardEndpoint } from './guard';
import { sealScope } from './seal';

/** The part of a worker's global scope that `serve` uses. */
export interface WorkerScope extends Endpoint {
  readonly navigator?: { readonly locks?: Pick<LockManager, 'request'> };
}

/** Answers a page's calls with a session, and reports to the page that the worker is ready. */
export async function serve(
  create: (host: SessionHost) => WorkerEnd,
  scope: WorkerScope = globalThis as unknown as WorkerScope,
): Promise<void> {
  const post = (message: WorkerMessage<WorkerEvent> | ChatQuestion): void => scope.postMessage(message);
  const emit = (event: WorkerEvent): void => post({ webvera: 'event', event });
  const warn = (thrown: unknown): void =>
    emit({ type: 'warning', code: 'internal', message: toKnownError(thrown).message });

  const chats = new Map<number, (outcome: ChatOutcome) => void>();
  let asked = 0;

  const session = create({
    emit,
    renderChat: (template, chat) =>
      new Promise((resolve) => {
        const id = asked++;
        chats.set(id, resolve);
        post({ webvera: 'chat', id, template, chat });
      }),
    decodeImage: imageDecoder(),
    seal: () => sealScope(scope),
    quiet: (seconds) => post({ webvera: 'quiet', seconds }),
  });
  expose((name: keyof WorkerSession, args: readonly unknown[]) => answer(session, name, args), guardEndpoint(scope));
  scope.addEventListener('message', (event) => {
    const { data } = event as MessageEvent<unknown>;
    if (isHeartbeat(data)) post({ webvera: 'alive' });
    if (isChatMessage<ChatAnswer>(data, 'written')) {
      chats.get(data.id)?.(data.outcome);
      chats.delete(data.id);
    }
  });
  // A worker's uncaught errors don't reach the page by themselves.
  scope.addEventListener('unhandledrejection', (event) => {
    (event as Event).preventDefault();
    warn((event as PromiseRejectionEvent).reason);
  });
  scope.addEventListener('error', (event) => {
    (event as Event).preventDefault();
    warn((event as ErrorEvent).error ?? (event as ErrorEvent).message);
  });

  post({ webvera: 'ready', version: VERSION, lock: await holdAliveLock(scope.navigator?.locks) });
}

async function answer(session: WorkerEnd, name: keyof WorkerSession, args: readonly unknown[]): Promise<Outcome> {
  try {
    const value = await session.invoke(name, args);
    return transfer({ value }, transferables(value));
  } catch (error) {
    return { error: errorToData(error) };
  }
}

/**
 * Holds a lock with a new name until this worker ends, and resolves with the name: if the page is granted the lock, the worker has died.
 * Resolves with null if the browser has no Web Locks, as in a page over http, or denies them to this page, as in a sandboxed frame.
 */
function holdAliveLock(locks: Pick<LockManager, 'request'> | undefined): Promise<string | null> {
  return new Promise((resolve) => {
    if (locks === undefined) return resolve(null);
    // Pages over http have no `randomUUID` either.
    const name = `webvera:alive:${crypto.randomUUID()}`;
    const hold = (): Promise<never> => {
      resolve(name);
      return new Promise<never>(() => {});
    };
    locks.request(name, hold).catch(() => resolve(null));
  });
}

/** Collects the buffers of typed arrays in a call's result. They are transferred to the page instead of copied. */
export function transferables(result: unknown): ArrayBuffer[] {
  const found = new Set<ArrayBuffer>();
  collect(result, found);
  return [...found];
}

function collect(value: unknown, found: Set<ArrayBuffer>): void {
  if (typeof value !== 'object' || value === null || value instanceof Blob) return;
  if (ArrayBuffer.isView(value)) {
    if (value.buffer instanceof ArrayBuffer) found.add(value.buffer);
  } else if (value instanceof Map || Array.isArray(value)) {
    // An array of numbers (token ids) contains no buffers.
    if (Array.isArray(value) && typeof value[0] === 'number') return;
    for (const entry of value.values()) collect(entry, found);
  } else {
    for (const entry of Object.values(value)) collect(entry, found);
  }
}
