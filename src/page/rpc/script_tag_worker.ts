import { WebVeraError } from '../../core/errors/error';
import { revokeOnceStarted, trustedScript } from './worker_address';
import { fetchWorkerScript } from './worker_script';

/** Of worker.js and chat_worker.js as they were built along with this script; the build puts them in. */
declare const WORKER_INTEGRITY: string;
declare const CHAT_WORKER_INTEGRITY: string;

/** Only while the script runs does the document tell which one it is, and its address is relative to where the page is then. */
const own = document.currentScript instanceof HTMLScriptElement ? document.currentScript.src : '';

/**
 * The worker of embed.js, in the place of the library's own: the script beside this one, whichever origin that is. It is
 * started as a blob, as browsers refuse workers from another origin.
 */
export function defaultWorker(name = 'webvera', signal?: AbortSignal): Promise<Worker> {
  return start(name, 'worker.js', WORKER_INTEGRITY, signal);
}

/** The one that chat templates run in. */
export function chatWorker(name = 'webvera: chat templates', signal?: AbortSignal): Promise<Worker> {
  return start(name, 'chat_worker.js', CHAT_WORKER_INTEGRITY, signal);
}

async function start(name: string, file: string, integrity: string, signal?: AbortSignal): Promise<Worker> {
  const url = new URL(file, ownAddress()).href;
  const script = await addressOf(await fetchWorkerScript({ url, integrity, signal }));
  const worker = new Worker(trustedScript(script), { name });
  revokeOnceStarted(worker, script);
  return worker;
}

/** Chromium keeps WebGPU from what a frame without an origin starts from a blob. */
async function addressOf(script: Blob): Promise<string> {
  if (globalThis.origin !== 'null') return URL.createObjectURL(script);
  return `data:text/javascript,${encodeURIComponent(await script.text())}`;
}

function ownAddress(): string {
  if (own !== '') return own;
  throw new WebVeraError('invalid_argument', 'Expected embed.js to come from a <script src>, got it in another way', {
    hint: 'Its worker is looked for beside it. Bundlers take the package itself: import from "webvera".',
  });
}
