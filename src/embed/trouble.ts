import { WebVeraError } from '../index';
import { findAdapter, type GpuProblem, type GpuSurroundings } from '../parts/find_adapter';

/** The error for each reason why a page can't use the GPU. `address`: the page's address. */
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

interface CheckedPage extends GpuSurroundings {
  readonly address: string;
  /** Whether this page had a GPU, and lost it. */
  readonly hasLostGpu: boolean;
}

/** Requests a GPU adapter to check whether this page can load models. Returns the error if it can't; undefined if it can. */
export async function deviceTrouble({ address, hasLostGpu, ...page }: CheckedPage): Promise<WebVeraError | undefined> {
  const found = await findAdapter(page);
  if (typeof found !== 'string') return undefined;
  return found === 'no_adapter' && hasLostGpu ? gpuBlocked() : ERRORS[found](address);
}

/**
 * Returns the error if there is no GPU adapter because the GPU has crashed. Chromium denies a site the GPU for two minutes after two
 * crashes.
 */
function gpuBlocked(): WebVeraError {
  return new WebVeraError('gpu_blocked', 'The GPU crashed, and the browser blocks it for this page for now', {
    hint: "Try again in two minutes, or reload the page with the browser's button. If that doesn't help, restart the browser.",
    retryable: true,
  });
}

/** Whether the device, the browser or an insecure page causes the error, so that a retry can't succeed. */
export function isUnsupported(error: WebVeraError | undefined): boolean {
  return error?.code === 'unsupported_device' || error?.code === 'insecure_context';
}

/**
 * Whether an error makes the model and the profile unusable, so that both must be loaded again. The worker for chat templates holds no
 * model, and its errors name its `url`.
 */
export function isFatal(error: unknown): boolean {
  if (!(error instanceof WebVeraError) || error.detail.url !== undefined) return false;
  return ['device_lost', 'gpu_blocked', 'worker_crashed'].includes(error.code);
}

/**
 * Whether the error means that the profile was forgotten: `not_found` that names the profile, or a closed profile's `invalid_argument` with
 * that cause. Others, such as of a script that the server lacks, are reported.
 */
export function isForgotten(error: unknown): boolean {
  if (!(error instanceof WebVeraError)) return false;
  if (error.code === 'invalid_argument') return isForgotten(error.cause);
  return error.code === 'not_found' && error.detail.profile !== undefined;
}

/**
 * Whether forgetting the profile solves the error: the stored profile is unreadable, or was created with another model, other labels or
 * another configuration.
 */
export function isSolvedByForgetting(error: WebVeraError | undefined): boolean {
  return error?.detail.solved_by === 'forget';
}

/** Whether the error is that a head can't be solved for, because all examples have the same label. */
export function isOfOneClass(error: unknown): boolean {
  return error instanceof WebVeraError && error.detail.classes === 1;
}

export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError';
}

/** Converts any thrown value to an error of the library's class. */
export function asWebVeraError(error: unknown): WebVeraError {
  if (error instanceof WebVeraError) return error;
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return new WebVeraError('internal', message, { cause: error });
}
