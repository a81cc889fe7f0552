interface TrustedTypesFactory {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): unknown;
}

/**
 * The page asks browsers for Trusted Types, under which a worker's address must pass a policy: only scripts of this
 * page's own origin do. Strings as HTML or as script pass none.
 */
export function installPolicy(): void {
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypesFactory };
  trustedTypes?.createPolicy('default', {
    createScriptURL(url) {
      if (new URL(url, document.baseURI).origin === location.origin) return url;
      throw new TypeError(`A script from another origin was refused: ${url}`);
    },
  });
}
