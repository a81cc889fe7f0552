interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { readonly createScriptURL: (script: string) => string },
  ): { createScriptURL(script: string): unknown };
}

/** Returns the address of a script as a TrustedScriptURL of a policy if the browser has Trusted Types, or else unchanged. */
export function trustedScript(policy: string, address: string): string {
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes };
  if (trustedTypes === undefined) return address;
  return trustedTypes.createPolicy(policy, { createScriptURL: (own) => own }).createScriptURL(address) as string;
}
