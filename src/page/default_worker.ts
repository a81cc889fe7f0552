/** The worker that comes with the library. The URL is written out here because bundlers look for just this form. */
export function defaultWorker(name = 'webvera'): Worker {
  const Worker = class extends globalThis.Worker {
    constructor(script: URL, options: WorkerOptions) {
      const own = isOwn(script) ? script.href : importing(script);
      super(vouchFor(own) as string, options);
      if (own === script.href) return;
      // Its first word, or its last.
      for (const type of ['message', 'error']) {
        this.addEventListener(type, () => URL.revokeObjectURL(own), { once: true });
      }
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

interface Policy {
  createScriptURL(script: string): unknown;
}

interface TrustedTypes {
  createPolicy(name: string, rules: { readonly createScriptURL: (script: string) => string }): Policy;
}

/** A page may forbid a second policy of the same name. */
const made: { policy?: Policy } = {};

/** Pages that enforce Trusted Types start no worker unless a policy stands for its script: ours is called `webvera`. */
function vouchFor(script: string): unknown {
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes };
  if (trustedTypes === undefined) return script;
  made.policy ??= trustedTypes.createPolicy('webvera', { createScriptURL: (own) => own });
  return made.policy.createScriptURL(script);
}
