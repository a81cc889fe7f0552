import { WebVeraError } from '../../core/errors/error';
import { revokeOnceStarted, trustedScript } from './worker_address';
import { fetchWorkerScript } from './worker_script';

/** SHA-384 hashes of worker.js and chat_worker.js from the same build as this script; the build inserts them. */
declare const WORKER_INTEGRITY: string;
declare const CHAT_WORKER_INTEGRITY: string;

/**
 * The URL of this script. It is read while the script runs, because `currentScript` is null afterwards, and a relative URL could resolve to
 * another address.
 */
const own = document.currentScript instanceof HTMLScriptElement ? document.currentScript.src : '';

/**
 * Starts the worker of embed.js: worker.js from the same folder as this script, on any origin. It is started from a blob, because browsers
 * refuse worker scripts from another origin. In embed.js this replaces the function of the same name in default_worker.ts.
 */
export function defaultWorker(name = 'webvera', signal?: AbortSignal): Promise<Worker> {
  return start(name, 'worker.js', WORKER_INTEGRITY, signal);
}

/** Starts the worker that runs chat templates. */
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
 * Returns a URL of the script: a blob URL or, in a frame whose origin is 'null', a data URL, because there Chromium has no WebGPU in
 * workers started from a blob.
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
