import { untilAborted } from '../core/abort';
import type { Link } from './link';
import { type CallOptions, linkKey, Session } from './session';

/** The only state that outlives a call without a session of its own. */
const holder: { opening?: Promise<Session> } = {};

/** The session that was passed, or the default one, opened on first use and again after it has ended. */
export async function linkOf({ session, signal }: CallOptions = {}): Promise<Link> {
  signal?.throwIfAborted();
  if (session !== undefined) return session[linkKey];
  holder.opening ??= openDefault();
  return (await untilAborted(holder.opening, signal))[linkKey];
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
