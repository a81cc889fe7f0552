import { revokeOnceStarted, trustedScript } from './worker_address';

/** The worker that comes with the library. The URL is written out here because bundlers look for just this form. */
export function defaultWorker(name = 'webvera'): Worker {
  const Worker = class extends globalThis.Worker {
    constructor(script: URL, options: WorkerOptions) {
      const own = isOwn(script) ? script.href : importing(script);
      super(trustedScript(own), options);
      if (own !== script.href) revokeOnceStarted(this, own);
    }
  };
  return new Worker(new URL('../worker/entry.ts', import.meta.url), { type: 'module', name });
}

/** Browsers start no worker whose script is another origin's. */
function isOwn({ protocol, origin }: URL): boolean {
  const { location } = globalThis as { location?: Location };
  return !/^https?:$/.test(protocol) || location === undefined || origin === location.origin;
}

/**
 * The address of a script of this page's own that imports the other: a policy takes that for a script (`script-src`), where it
 * would take a static import for one more worker.
 */
function importing({ href }: URL): string {
  const code = `import(${JSON.stringify(href)}).catch(reportError);`;
  return URL.createObjectURL(new Blob([code], { type: 'text/javascript' }));
}
