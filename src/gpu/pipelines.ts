import { WebVeraError } from '../core/errors/error';
import type { AnyKernel, AnyVariant } from '../core/kernels/kernel';
import type { GpuCounters } from './counters';
import type { DeviceHost } from './device_host';
import { COMPUTE } from './flags';

/** A variant that is compiled or being compiled. */
export interface CompiledKernel {
  readonly layout: GPUBindGroupLayout;
  /** Rejects with `internal` if the variant doesn't compile. */
  readonly ready: Promise<void>;
  /** Undefined until `ready` resolves. */
  readonly pipeline: GPUComputePipeline | undefined;
}

/** Compiles each variant once, asynchronously, with an explicit bind group layout from the kernel's bindings. */
export class Pipelines {
  readonly #host: DeviceHost;
  readonly #counters: GpuCounters;
  readonly #known = new Map<AnyVariant, CompiledKernel>();

  constructor(host: DeviceHost, counters: GpuCounters) {
    this.#host = host;
    this.#counters = counters;
  }

  /** Starts compiling the variant on the first call. */
  get(kernel: AnyKernel, variant: AnyVariant): CompiledKernel {
    const known = this.#known.get(variant);
    if (known !== undefined) return known;
    const label = `${kernel.name}/${variant.name}`;
    const layout = this.#layout(label, kernel);
    const made: { -readonly [K in keyof CompiledKernel]: CompiledKernel[K] } = {
      layout,
      ready: this.#compile(label, variant, layout).then((pipeline) => {
        made.pipeline = pipeline;
      }),
      pipeline: undefined,
    };
    // Callers that await `ready` receive the error; the next call compiles again.
    made.ready.catch(() => this.#known.delete(variant));
    this.#known.set(variant, made);
    return made;
  }

  #layout(label: string, { bindings }: AnyKernel): GPUBindGroupLayout {
    const { device } = this.#host;
    const accesses = Object.values(bindings);
    const limit = device.limits.maxStorageBuffersPerShaderStage;
    if (accesses.length > limit) {
      throw new WebVeraError(
        'internal',
        `Kernel ${label} binds ${accesses.length} buffers, the device allows ${limit}`,
      );
    }
    return device.createBindGroupLayout({
      label,
      entries: [
        { binding: 0, visibility: COMPUTE, buffer: { type: 'uniform' } },
        ...accesses.map((access, index) => ({
          binding: index + 1,
          visibility: COMPUTE,
          buffer: { type: access === 'read' ? 'read-only-storage' : 'storage' } as const,
        })),
      ],
    });
  }

  async #compile(label: string, variant: AnyVariant, layout: GPUBindGroupLayout): Promise<GPUComputePipeline> {
    const { device } = this.#host;
    this.#counters.pipelinesCreated += 1;
    try {
      return await device.createComputePipelineAsync({
        label,
        layout: device.createPipelineLayout({ label, bindGroupLayouts: [layout] }),
        compute: {
          module: device.createShaderModule({ label, code: variant.wgsl }),
          entryPoint: 'main',
          constants: { ...variant.overrides },
        },
      });
    } catch (cause) {
      this.#host.check();
      const problem = cause instanceof Error ? cause.message : cause;
      throw new WebVeraError('internal', `Kernel ${label} doesn't compile: ${problem}`, { cause });
    }
  }
}
