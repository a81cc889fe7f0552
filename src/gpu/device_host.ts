import { WebVeraError } from '../core/errors/error';
import type { Arithmetic, Feature } from '../core/kernels/kernel';
import type { KernelAdapter } from '../core/kernels/kernel_choice';

export interface DeviceInfo {
  readonly vendor: string;
  readonly architecture: string;
  readonly description: string;
  /** Whether the adapter reports that it is a software GPU. */
  readonly fallback: boolean;
  /** The optional WebGPU features that the device has and kernels use: `shader-f16` only if it was requested. */
  readonly features: readonly Feature[];
}

/** Returns what a GPU adapter reports about itself. */
export function adapterInfo({ info }: GPUAdapter): Omit<DeviceInfo, 'features'> {
  const { vendor, architecture, description, isFallbackAdapter: fallback = false } = info;
  return { vendor, architecture, description, fallback };
}

/** Features that are enabled if the GPU has them. Features that change more than the last bits of results must be requested. */
const FEATURES: readonly Feature[] = ['subgroups'];
/** The limits that are raised to the GPU's maximum. Workgroups stay within WebGPU's default limits. */
const LIMITS = ['maxBufferSize', 'maxStorageBufferBindingSize'] as const;
/** The hint for a device that became unusable. The next loaded model gets a new device. */
const LOAD_AGAIN = 'Load the model again.';

interface OpenDeviceOptions {
  readonly onFailure?: ((error: WebVeraError) => void) | undefined;
  /** The time when the last device was lost, by Date.now(). */
  readonly lostAt?: number | undefined;
  /** The precision in which activations and their gradients are multiplied. Default: f32. */
  readonly arithmetic?: Arithmetic | undefined;
}

export function deviceLost(message: string, cause?: unknown): WebVeraError {
  return new WebVeraError('device_lost', message, { hint: LOAD_AGAIN, retryable: true, cause });
}

/** Owns the GPU device: requests it, watches it, and stores the reason why it has become unusable. */
export class DeviceHost {
  readonly device: GPUDevice;
  readonly info: DeviceInfo;
  readonly #onFailure: (error: WebVeraError) => void;
  readonly #failing = new AbortController();
  #failure: WebVeraError | undefined;
  #lostAt: number | undefined;
  #closed = false;

  private constructor(device: GPUDevice, info: DeviceInfo, onFailure: (error: WebVeraError) => void) {
    this.device = device;
    this.info = info;
    this.#onFailure = onFailure;
    device.addEventListener('uncapturederror', (event) => {
      const code =
        event.error instanceof Error || !/memory/i.test(event.error.constructor.name) ? 'internal' : 'out_of_memory';
      this.fail(new WebVeraError(code, `The GPU refused a command: ${event.error.message}`, { hint: LOAD_AGAIN }));
    });
    void device.lost.then((lost) => {
      if (this.#closed) return;
      this.#lostAt = Date.now();
      this.fail(deviceLost(`The GPU device was lost: ${lost.message || lost.reason}`));
    });
  }

  /**
   * Opens a device with the features and limits of the GPU adapter. Throws `unsupported_device` if WebGPU, a GPU adapter or the requested
   * arithmetic is missing; `insecure_context` if WebGPU is missing because the page was loaded over http; and `gpu_blocked` if the GPU
   * adapter is missing because of GPU crashes.
   */
  static async open(
    gpu: GPU | undefined,
    { onFailure = () => {}, lostAt, arithmetic = 'f32' }: OpenDeviceOptions = {},
  ): Promise<DeviceHost> {
    const adapter = await findAdapter(gpu, lostAt);
    const features = featuresFor(adapter, arithmetic);
    const device = await openDevice(adapter, features);
    return new DeviceHost(device, { ...adapterInfo(adapter), features }, onFailure);
  }

  /** Uses a device that was opened elsewhere: tests open devices with WebGPU's default limits. */
  static adopt(device: GPUDevice, info: DeviceInfo, onFailure: (error: WebVeraError) => void = () => {}): DeviceHost {
    return new DeviceHost(device, info, onFailure);
  }

  /** Identifies the GPU adapter, because kernels' timings depend on it. */
  get adapter(): KernelAdapter {
    const { vendor, architecture, description, features } = this.info;
    return { vendor, architecture, description, features, limits: limitsOf(this.device.limits) };
  }

  /** The time when the device was lost, by Date.now(). */
  get lostAt(): number | undefined {
    return this.#lostAt;
  }

  get failed(): boolean {
    return this.#failure !== undefined;
  }

  /** A signal that aborts, with the error as its reason, when the device becomes unusable; not when `close` is called. */
  get failure(): AbortSignal {
    return this.#failing.signal;
  }

  /** Throws the error that made the device unusable. */
  check(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Closes the device. Work that still uses it fails at its next command. */
  close(): void {
    this.#closed = true;
    this.#failure ??= new WebVeraError('invalid_argument', 'The session is closed', { hint: 'Open a new one.' });
    this.device.destroy();
  }

  /** Marks the device as unusable. Only the first error counts. */
  fail(error: WebVeraError): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    this.#failing.abort(error);
    this.#onFailure(error);
  }
}

function noWebGpu(): WebVeraError {
  // Node has no `isSecureContext`.
  if ((globalThis as { readonly isSecureContext?: boolean }).isSecureContext === false) {
    const { origin = 'http:' } = (globalThis as { readonly location?: Location }).location ?? {};
    return new WebVeraError(
      'insecure_context',
      `WebGPU was expected, but browsers disable it on ${origin}, which isn't https`,
      {
        hint: 'Serve the page over https. While developing, open it as http://localhost or http://127.0.0.1.',
      },
    );
  }
  // Without a location, this isn't a browser.
  if ((globalThis as { readonly location?: Location }).location === undefined) {
    return new WebVeraError('unsupported_device', 'WebGPU was expected, but there is no navigator.gpu', {
      hint: "In Node, install the package webgpu and pass Session.open({ gpu: await openDawn() }), from 'webvera/node'.",
    });
  }
  return new WebVeraError('unsupported_device', 'WebGPU was expected, but this browser has no navigator.gpu', {
    hint: 'Use a current Chrome, Edge, Safari or Firefox. In Firefox on Linux, set dom.webgpu.enabled and dom.webgpu.workers.enabled in about:config.',
  });
}

/** Milliseconds. After two GPU crashes within this time, Chromium denies a site access to the GPU for the same time. */
const BLOCKED = 120_000;

/** Returns the GPU adapter for a device. Without one, throws the same errors as `DeviceHost.open`. */
export async function findAdapter(gpu: GPU | undefined, lostAt?: number | undefined): Promise<GPUAdapter> {
  if (gpu === undefined) throw noWebGpu();
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' }).catch((cause: unknown) => {
    const problem = cause instanceof Error ? cause.message : String(cause);
    throw new WebVeraError('unsupported_device', `A GPU adapter was expected, but the browser refused: ${problem}`, {
      hint: 'Reload the page, update the graphics driver, or restart the browser.',
      cause,
    });
  });
  if (adapter !== null) return adapter;
  if (lostAt !== undefined) throw gpuBlocked(Math.max(0, Math.ceil((lostAt + BLOCKED - Date.now()) / 1000)));
  throw new WebVeraError('unsupported_device', 'A GPU adapter was expected, but the browser returned none', {
    hint: 'Switch on hardware acceleration, update the graphics driver, or restart the browser after a GPU crash.',
  });
}

function gpuBlocked(seconds_left: number): WebVeraError {
  const until = seconds_left > 0 ? 'for now' : 'until it is restarted';
  const message = `The GPU crashed more than once, and the browser blocks it for this page ${until}`;
  const wait = `Try again in ${seconds_left} s, or reload the page with the browser's button. If that doesn't help, restart the browser.`;
  return new WebVeraError('gpu_blocked', message, {
    hint: seconds_left > 0 ? wait : 'Restart the browser.',
    retryable: true,
    detail: { seconds_left },
  });
}

/**
 * Returns the optional features to request. Throws `unsupported_device` if f16 is requested but missing: the page has measured or tested
 * f16, and must notice that it is missing.
 */
function featuresFor(adapter: GPUAdapter, arithmetic: Arithmetic): readonly Feature[] {
  const features = FEATURES.filter((feature) => adapter.features.has(feature));
  if (arithmetic === 'f32') return features;
  if (adapter.features.has('shader-f16')) return [...features, 'shader-f16', ...matricesOf(adapter)];
  throw new WebVeraError('unsupported_device', 'A GPU adapter with shader-f16 was expected, but this one lacks it', {
    hint: "Leave out the session's option arithmetic: 'f16'. All devices compute in f32.",
  });
}

const MATRICES = 'chromium-experimental-subgroup-matrix';

/** Properties of subgroup matrices that Chromium reports if a flag is set, but WebGPU's types lack. */
interface MatrixInfo {
  readonly subgroupMaxSize?: number;
  readonly subgroupMatrixConfigs?: Iterable<Readonly<Record<string, unknown>>>;
}

/** Returns the subgroup matrix feature if the GPU can multiply tiles of 16 × 16 × 16 from f16 to f32. */
function matricesOf({ features, info }: GPUAdapter): readonly Feature[] {
  const { subgroupMaxSize = 0, subgroupMatrixConfigs = [] } = info as MatrixInfo;
  const isThere = [...subgroupMatrixConfigs].some(
    ({ componentType, resultComponentType, M, N, K }) =>
      componentType === 'f16' && resultComponentType === 'f32' && [M, N, K].every((size) => size === 16),
  );
  return features.has(MATRICES) && features.has('subgroups') && isThere && subgroupMaxSize <= 64 ? [MATRICES] : [];
}

async function openDevice(adapter: GPUAdapter, features: readonly Feature[]): Promise<GPUDevice> {
  try {
    return await adapter.requestDevice({
      label: 'webvera',
      requiredFeatures: [...features] as GPUFeatureName[],
      requiredLimits: limitsOf(adapter.limits),
    });
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : String(cause);
    throw new WebVeraError(
      'unsupported_device',
      `A GPU device was expected, but the adapter returned none: ${problem}`,
      {
        hint: 'Close other tabs that use the GPU, update the graphics driver, or restart the browser.',
        cause,
      },
    );
  }
}

function limitsOf(limits: GPUSupportedLimits): Record<string, number> {
  return Object.fromEntries(LIMITS.map((name) => [name, limits[name]]));
}
