/** The worker that comes with the library. The URL is written out here because bundlers look for just this form. */
export function defaultWorker(name = 'webvera'): Worker {
  const Worker = class extends globalThis.Worker {
    constructor(script: URL, options: WorkerOptions) {
      super(vouchFor(script) as URL, options);
    }
  };
  return new Worker(new URL('../worker/entry.ts', import.meta.url), { type: 'module', name });
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
function vouchFor(script: URL): unknown {
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes };
  if (trustedTypes === undefined) return script;
  made.policy ??= trustedTypes.createPolicy('webvera', { createScriptURL: (own) => own });
  return made.policy.createScriptURL(script.href);
}
