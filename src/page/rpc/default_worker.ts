import { revokeOnceStarted, trustedScript } from './worker_address';

/** Starts the library's own worker. `new Worker` is written out here with its URL, because bundlers recognise only this form. */
export function defaultWorker(name = 'webvera'): Worker {
  const Worker = workerNamed(name);
  return new Worker(new URL('../../worker/entry.ts', import.meta.url), { type: 'module', name });
}

/** Starts the worker that runs chat templates. */
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

/**
 * Whether a script has this page's origin: browsers refuse workers from another origin. The page's origin is that of its URL, except in two
 * kinds of frames. A sandboxed frame has the origin 'null', although its URL is a normal one. A frame of `about:blank` has its parent's
 * origin, although its URL's origin is 'null'. `globalThis.origin` isn't used otherwise, because a page may declare a variable `origin` of
 * its own.
 */
function isOwn({ protocol, origin }: URL): boolean {
  const { location } = globalThis as { readonly location?: Location };
  if (!/^https?:$/.test(protocol) || location === undefined) return true;
  const own = location.origin === 'null' ? globalThis.origin : location.origin;
  return origin === own && globalThis.origin !== 'null';
}

/**
 * Returns the address of a same-origin script that imports the other script. With a dynamic import, the Content Security Policy needs the
 * other origin only in `script-src`; with a static import, it would need the origin in `worker-src` too.
 */
function importing({ href }: URL): string {
  const code = `import(${JSON.stringify(href)}).catch(reportError);`;
  // In a frame whose origin is 'null', Chromium has no WebGPU in workers started from a blob.
  if (globalThis.origin === 'null') return `data:text/javascript,${encodeURIComponent(code)}`;
  return URL.createObjectURL(new Blob([code], { type: 'text/javascript' }));
}
