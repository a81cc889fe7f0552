import { untilAborted } from '../../core/async/abort';
import type { Link } from '../rpc/link';
import { checkOptions, wrong } from './options';
import { type CallOptions, callRules, linkKey, Session } from './session';

/** The default session, which is the only state shared by calls without a `session`. */
const holder: { opening?: Promise<Session> } = {};

/**
 * Returns the default session, which calls without a `session` use. It opens on first use, and again after it was closed. Rejects with the
 * errors of `Session.open`.
 */
export async function defaultSession({ signal }: { readonly signal?: AbortSignal | undefined } = {}): Promise<Session> {
  signal?.throwIfAborted();
  holder.opening ??= openDefault();
  return untilAborted(holder.opening, signal);
}

/** Returns the link of the given session, or else of the default session. */
export async function linkOf({ session, signal }: CallOptions = {}): Promise<Link> {
  signal?.throwIfAborted();
  return (session ?? (await defaultSession({ signal })))[linkKey];
}

/**
 * Checks the options of a call, and makes the call on `options.session` or the default session. `options.signal` cancels it. `what`: the
 * call's name, for error messages.
 */
export async function callOn<T>(what: string, options: CallOptions, start: (link: Link) => Promise<T>): Promise<T> {
  checkOptions(what, options, callRules);
  const link = await linkOf(options);
  return link.call(() => start(link), options);
}

/** Throws `invalid_argument` if the given session isn't the model's. */
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
