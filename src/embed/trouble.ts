import { WebVeraError } from '../index';

/** What is asked of the page, to know whether anything can be computed here. */
interface Surroundings {
  readonly isSecureContext: boolean;
  readonly gpu: GPU | undefined;
  readonly address: string;
}

/** Why no model can be loaded here; undefined where one can. Asks for an adapter and keeps nothing. */
export async function deviceTrouble({
  isSecureContext,
  gpu,
  address,
}: Surroundings): Promise<WebVeraError | undefined> {
  if (!isSecureContext) {
    return new WebVeraError('insecure_context', `Expected a page on https, or on localhost, got ${address}`, {
      hint: 'Browsers give the graphics card (WebGPU) to secure pages only: serve it over https.',
    });
  }
  if (gpu === undefined) {
    return new WebVeraError('unsupported_device', 'WebGPU was expected, but this browser has no navigator.gpu', {
      hint: 'Use a current Chrome, Edge, Safari or Firefox.',
    });
  }
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' }).catch(() => null);
  if (adapter !== null) return undefined;
  return new WebVeraError('unsupported_device', 'A GPU adapter was expected, but the browser gave none', {
    hint: 'Switch on hardware acceleration, update the graphics driver, or restart the browser after a GPU crash.',
  });
}

/** Whether it is the device that is at fault, or the browser: nothing that the page does can help. */
export function isUnsupported(error: WebVeraError | undefined): boolean {
  return error?.code === 'unsupported_device' || error?.code === 'insecure_context';
}

/** Whether what was loaded is gone: it has to be loaded again. */
export function isFatal(error: unknown): boolean {
  return error instanceof WebVeraError && ['device_lost', 'gpu_blocked', 'worker_crashed'].includes(error.code);
}

export function isForgotten(error: unknown): boolean {
  return error instanceof WebVeraError && (error.code === 'not_found' || isForgotten(error.cause));
}

export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError';
}

/** Anything that was thrown, as the one class of error. */
export function asWebVeraError(error: unknown): WebVeraError {
  if (error instanceof WebVeraError) return error;
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return new WebVeraError('internal', message, { cause: error });
}
