import { WebVeraError } from '../index';
import { fetchWorkerScript } from './worker_script';

/** Of the worker.js that was built along with this script; the build puts it in. */
declare const WORKER_INTEGRITY: string;

/** Only while the script runs does the document tell which one it is. */
const script = document.currentScript;

/**
 * The worker of embed.js, in the place of the library's own: the script beside this one, whichever origin that is. It is
 * started as a blob, as browsers refuse workers from another origin.
 */
export async function defaultWorker(name = 'webvera', signal?: AbortSignal): Promise<Worker> {
  const url = new URL('./worker.js', ownAddress()).href;
  const blob = URL.createObjectURL(await fetchWorkerScript({ url, integrity: WORKER_INTEGRITY, signal }));
  const worker = new Worker(vouchFor(blob) as URL, { name });
  const loaded = (): void => URL.revokeObjectURL(blob);
  worker.addEventListener('message', loaded, { once: true });
  worker.addEventListener('error', loaded, { once: true });
  return worker;
}

function ownAddress(): string {
  if (script instanceof HTMLScriptElement && script.src !== '') return script.src;
  throw new WebVeraError('invalid_argument', 'Expected embed.js to come from a <script src>, got it in another way', {
    hint: 'Its worker is looked for beside it. Bundlers take the package itself: import from "webvera".',
  });
}

interface Policy {
  createScriptURL(script: string): unknown;
}

interface TrustedTypes {
  createPolicy(name: string, rules: { readonly createScriptURL: (script: string) => string }): Policy;
}

/** A page may forbid a second policy of the same name. */
const made: { policy?: Policy } = {};

/** Pages that enforce Trusted Types start no worker unless a policy stands for its script. */
function vouchFor(url: string): unknown {
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes };
  if (trustedTypes === undefined) return url;
  made.policy ??= trustedTypes.createPolicy('webvera', { createScriptURL: (own) => own });
  return made.policy.createScriptURL(url);
}
