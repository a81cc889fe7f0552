import { WebVeraError } from '../../core/errors/error';

interface Policy {
  createScriptURL(script: string): unknown;
}

interface TrustedTypes {
  createPolicy(name: string, rules: { readonly createScriptURL: (script: string) => string }): Policy;
}

/** A page may forbid a second policy of the same name. */
const made: { policy?: Policy } = {};

/** Pages that enforce Trusted Types start no worker unless a policy stands for its script: ours is called `webvera`. */
export function trustedScript(address: string): string {
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes };
  if (trustedTypes === undefined) return address;
  made.policy ??= createPolicy(trustedTypes);
  // No string, but what a worker takes for one.
  return made.policy.createScriptURL(address) as string;
}

/** Lets a blob's address go with the worker's first word, or its last: it has been read by then. */
export function revokeOnceStarted(worker: Worker, address: string): void {
  for (const type of ['message', 'error']) {
    worker.addEventListener(type, () => URL.revokeObjectURL(address), { once: true });
  }
}

function createPolicy(trustedTypes: TrustedTypes): Policy {
  try {
    return trustedTypes.createPolicy('webvera', { createScriptURL: (own) => own });
  } catch (cause) {
    throw new WebVeraError('worker_crashed', "The page's policy does not allow Trusted Types for the worker", {
      hint: "Content-Security-Policy: trusted-types webvera; with 'allow-duplicates' where both embed.js and the module are loaded.",
      cause,
    });
  }
}
