/** Imports the built library as any page would. @returns {Promise<typeof import('../../src/index')>} */
export function loadLibrary() {
  const url = '/dist/webvera.js';
  return import(url);
}

/** Imports the built library that can run in the calling thread. @returns {Promise<typeof import('../../src/node')>} */
export function loadNodeLibrary() {
  const url = '/dist/node.js';
  return import(url);
}

/** Returns the fields of an error as plain data, which can be sent out of the page. @param {unknown} error */
export function describeError(error) {
  const { name, message, code, hint } =
    /** @type {{ name?: string, message?: string, code?: string, hint?: string }} */ (
      error instanceof Error ? error : { message: String(error) }
    );
  return { name, message, code, hint };
}

/** Describes this page's GPU adapter. */
export const describeDevice = () => describeGpu(navigator.gpu);

/** Describes the GPU adapter that the library uses. @param {GPU} gpu */
export async function describeGpu(gpu) {
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  const { vendor = '', architecture = '', description = '', isFallbackAdapter = false } = adapter?.info ?? {};
  return { vendor, architecture, description, fallback: isFallbackAdapter };
}

/**
 * Sends a message to the script that opened this page, as soon as that script can receive it.
 * @param {unknown} message plain JSON
 */
export async function report(message) {
  while (typeof window.report !== 'function') await new Promise((resolve) => setTimeout(resolve, 10));
  await window.report(message);
}
