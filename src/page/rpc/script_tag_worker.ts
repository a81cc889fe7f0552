import { WebVeraError } from '../../core/errors/error';
import { revokeOnceStarted, trustedScript } from './worker_address';
import { fetchWorkerScript } from './worker_script';

/** SHA-384 hashes of worker.js and chat_worker.js from the same build as this script; the build inserts them. */
declare const WORKER_INTEGRITY: string;
declare const CHAT_WORKER_INTEGRITY: string;

/** The address of this script, read while it runs: afterwards `currentScript` is null, and the page's address may have changed. */
const own = document.currentScript instanceof HTMLScriptElement ? document.currentScript.src : '';

/**
 * The worker of embed.js, in place of the library's own: worker.js beside this script, on any origin. It is started
 * from a blob, because browsers refuse worker scripts from another origin.
 */
export function defaultWorker(name = 'webvera', signal?: AbortSignal): Promise<Worker> {
  return start(name, 'worker.js', WORKER_INTEGRITY, signal);
}

/** The worker that runs chat templates. */
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

/**
 * Returns an address of the script: that of a blob, or a data URL in a frame without an origin, because Chromium has no WebGPU in a worker
 * that such a frame starts from a blob.
 */
async function addressOf(script: Blob): Promise<string> {
  if (globalThis.origin !== 'null') return URL.createObjectURL(script);
  return `data:text/javascript,${encodeURIComponent(await script.text())}`;
}

function ownAddress(): string {
  if (own !== '') return own;
  throw new WebVeraError('invalid_argument', 'Expected embed.js to come from a <script src>, got it in another way', {
    hint: 'Its worker is looked for beside it. In a project with a bundler write import "webvera/embed.js".',
  });
}
