import { WebVeraError } from '../../core/errors/error';

interface Policy {
  createScriptURL(script: string): unknown;
}

interface TrustedTypes {
  createPolicy(name: string, rules: { readonly createScriptURL: (script: string) => string }): Policy;
}

/** The policy is created once, because a page may forbid a second policy of the same name. */
const made: { policy?: Policy } = {};

/**
 * Returns the address as a TrustedScriptURL of the policy `webvera`, if the browser has Trusted Types. Pages that enforce Trusted Types
 * refuse a plain string.
 */
export function trustedScript(address: string): string {
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes };
  if (trustedTypes === undefined) return address;
  made.policy ??= createPolicy(trustedTypes);
  // At run time this is a TrustedScriptURL, which `Worker` accepts.
  return made.policy.createScriptURL(address) as string;
}

/** Revokes a blob URL at the worker's first message or error, because the worker has read the script by then. */
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
