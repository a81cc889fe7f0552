import { revokeOnceStarted, trustedScript } from './worker_address';

/** The worker that comes with the library. The URL is written out here because bundlers look for just this form. */
export function defaultWorker(name = 'webvera'): Worker {
  const Worker = workerNamed(name);
  return new Worker(new URL('../../worker/entry.ts', import.meta.url), { type: 'module', name });
}

/** The one that chat templates run in. */
export function chatWorker(name = 'webvera: chat templates'): Worker {
  const Worker = workerNamed(name);
  return new Worker(new URL('../../chat/entry.ts', import.meta.url), { type: 'module', name });
}

function workerNamed(name: string): new (script: URL, options: WorkerOptions) => Worker {
  return class extends globalThis.Worker {
    constructor(script: URL, options: WorkerOptions) {
      const own = isOwn(script) ? script.href : importing(script);
      super(trustedScript(own), own === script.href ? options : { name });
      if (own !== script.href) revokeOnceStarted(this, own);
    }
  };
}

/** Browsers start no worker whose script is another origin's. A sandboxed frame has an address like others, and the origin null. */
function isOwn({ protocol, origin }: URL): boolean {
  const { origin: own } = globalThis as { readonly origin?: string };
  return !/^https?:$/.test(protocol) || own === undefined || origin === own;
}

/**
 * The address of a script of this page's own that imports the other: a policy takes that for a script (`script-src`), where it
 * would take a static import for one more worker.
 */
function importing({ href }: URL): string {
  const code = `import(${JSON.stringify(href)}).catch(reportError);`;
  // Chromium keeps WebGPU from what a frame without an origin starts from a blob.
  if (globalThis.origin === 'null') return `data:text/javascript,${encodeURIComponent(code)}`;
  return URL.createObjectURL(new Blob([code], { type: 'text/javascript' }));
}
