import { WebVeraError } from '../index';
import { findAdapter, type GpuProblem, type GpuSurroundings } from '../parts/find_adapter';

/** The error for each reason why a page can't use the GPU. `address`: of the page. */
const ERRORS: Readonly<Record<GpuProblem, (address: string) => WebVeraError>> = {
  insecure_page: (address) =>
    new WebVeraError('insecure_context', `Expected a page on https, or on localhost, got ${address}`, {
      hint: 'Browsers give the graphics card (WebGPU) to secure pages only: serve it over https.',
    }),
  no_webgpu: () =>
    new WebVeraError('unsupported_device', 'WebGPU was expected, but this browser has no navigator.gpu', {
      hint: 'Use a current Chrome, Edge, Safari or Firefox. In Firefox on Linux, set dom.webgpu.enabled and dom.webgpu.workers.enabled in about:config.',
    }),
  no_adapter: () =>
    new WebVeraError('unsupported_device', 'A GPU adapter was expected, but the browser returned none', {
      hint: 'Switch on hardware acceleration, update the graphics driver, or restart the browser after a GPU crash.',
    }),
};

/** The reason why this page can't load models; undefined if it can. Requests a GPU adapter to find out, and releases it. */
export async function deviceTrouble(
  page: GpuSurroundings & { readonly address: string },
): Promise<WebVeraError | undefined> {
  const found = await findAdapter(page);
  return typeof found === 'string' ? ERRORS[found](page.address) : undefined;
}

/** Whether the device or the browser causes an error, so that the page can't help. */
export function isUnsupported(error: WebVeraError | undefined): boolean {
  return error?.code === 'unsupported_device' || error?.code === 'insecure_context';
}

/** Whether an error destroyed the model and the profile, so that both must be loaded again. */
export function isFatal(error: unknown): boolean {
  return error instanceof WebVeraError && ['device_lost', 'gpu_blocked', 'worker_crashed'].includes(error.code);
}

export function isForgotten(error: unknown): boolean {
  return error instanceof WebVeraError && (error.code === 'not_found' || isForgotten(error.cause));
}

/** Whether a head can't be solved for because all examples have one label. */
export function isOfOneClass(error: unknown): boolean {
  return error instanceof WebVeraError && error.detail.classes === 1;
}

export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError';
}

/** Wraps anything that was thrown in the library's error class. */
export function asWebVeraError(error: unknown): WebVeraError {
  if (error instanceof WebVeraError) return error;
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return new WebVeraError('internal', message, { cause: error });
}
