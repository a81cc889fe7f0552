import { revokeOnceStarted, trustedScript } from './worker_address';

/** The library's own worker. The URL is written out here because bundlers only recognise this form. */
export function defaultWorker(name = 'webvera'): Worker {
  const Worker = workerNamed(name);
  return new Worker(new URL('../../worker/entry.ts', import.meta.url), { type: 'module', name });
}

/** The worker that runs chat templates. */
export function chatWorker(name = 'webvera: chat templates'): Worker {
  const Worker = workerNamed(name);
  return new Worker(new URL('../../chat/chat_entry.ts', import.meta.url), { type: 'module', name });
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

/** Whether a script is of this origin: browsers refuse others. A sandboxed frame has a normal address, but its origin is null. */
function isOwn({ protocol, origin }: URL): boolean {
  const { origin: own } = globalThis as { readonly origin?: string };
  return !/^https?:$/.test(protocol) || own === undefined || origin === own;
}

/**
 * Returns the address of a same-origin script that imports the other script. With a dynamic import, the other origin is
 * only needed in the policy's `script-src`; a static import would also need it in `worker-src`.
 */
function importing({ href }: URL): string {
  const code = `import(${JSON.stringify(href)}).catch(reportError);`;
  // Chromium has no WebGPU in a worker that a frame without an origin starts from a blob.
  if (globalThis.origin === 'null') return `data:text/javascript,${encodeURIComponent(code)}`;
  return URL.createObjectURL(new Blob([code], { type: 'text/javascript' }));
}
