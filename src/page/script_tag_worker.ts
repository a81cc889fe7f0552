import { WebVeraError } from '../core/error';
import { revokeOnceStarted, trustedScript } from './worker_address';
import { fetchWorkerScript } from './worker_script';

/** Of the worker.js that was built along with this script; the build puts it in. */
declare const WORKER_INTEGRITY: string;

/** Only while the script runs does the document tell which one it is, and its address is relative to where the page is then. */
const own = document.currentScript instanceof HTMLScriptElement ? document.currentScript.src : '';

/**
 * The worker of embed.js, in the place of the library's own: the script beside this one, whichever origin that is. It is
 * started as a blob, as browsers refuse workers from another origin.
 */
export async function defaultWorker(name = 'webvera', signal?: AbortSignal): Promise<Worker> {
  const url = new URL('./worker.js', ownAddress()).href;
  const script = await addressOf(await fetchWorkerScript({ url, integrity: WORKER_INTEGRITY, signal }));
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
