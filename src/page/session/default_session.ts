import { untilAborted } from '../../core/async/abort';
import type { Link } from '../rpc/link';
import { wrong } from './options';
import { type CallOptions, linkKey, Session } from './session';

/** The only state that outlives a call without a session of its own. */
const holder: { opening?: Promise<Session> } = {};

/**
 * The session of all calls that are given none: opened on first use, and again after it has ended. Rejects with what
 * `Session.open` rejects with.
 */
export async function defaultSession({ signal }: { readonly signal?: AbortSignal | undefined } = {}): Promise<Session> {
  signal?.throwIfAborted();
  holder.opening ??= openDefault();
  return untilAborted(holder.opening, signal);
}

/** The session that was passed, or the default one. */
export async function linkOf({ session, signal }: CallOptions = {}): Promise<Link> {
  signal?.throwIfAborted();
  return (session ?? (await defaultSession({ signal })))[linkKey];
}

/** Throws `invalid_argument` for a session that was passed beside a model of another one. */
export function expectOwnSession(what: string, link: Link, session: Session | undefined): void {
  if (session === undefined || session[linkKey] === link) return;
  throw wrong(`${what}: session`, "the model's own session", session, 'It can be left out.');
}

async function openDefault(): Promise<Session> {
  const forget = (): boolean => delete holder.opening;
  try {
    const session = await Session.open();
    session.addEventListener('statechange', () => {
      if (session.state === 'closed') forget();
    });
    return session;
  } catch (error) {
    forget();
    throw error;
  }
}
