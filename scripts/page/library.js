/**
 * The built library, as any page would import it.
 * @returns {Promise<typeof import('../../src/index')>}
 */
export function loadLibrary() {
  const url = '/dist/webvera.js';
  return import(url);
}

/**
 * The one that can run in the calling thread.
 * @returns {Promise<typeof import('../../src/node')>}
 */
export function loadNodeLibrary() {
  const url = '/dist/node.js';
  return import(url);
}

/**
 * What an error says, in a form that can be handed out of the page.
 * @param {unknown} error
 */
export function describeError(error) {
  const { name, message, code, hint } =
    /** @type {{ name?: string, message?: string, code?: string, hint?: string }} */ (
      error instanceof Error ? error : { message: String(error) }
    );
  return { name, message, code, hint };
}

/** The adapter that pages get, and the library with it. */
export async function describeDevice() {
  const adapter = await navigator.gpu.requestAdapter({ powerPreference: 'high-performance' });
  const { vendor = '', architecture = '', description = '', isFallbackAdapter = false } = adapter?.info ?? {};
  return { vendor, architecture, description, fallback: isFallbackAdapter };
}

/**
 * Hands a message to the script that opened this page, once that can receive it.
 * @param {unknown} message as JSON can hold it
 */
export async function report(message) {
  while (typeof window.report !== 'function') await new Promise((resolve) => setTimeout(resolve, 10));
  await window.report(message);
}
