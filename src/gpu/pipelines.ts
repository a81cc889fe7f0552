import { WebVeraError } from '../core/error';
import type { AnyKernel, AnyVariant } from '../core/kernel';
import type { GpuCounters } from './counters';
import type { DeviceHost } from './device';
import { COMPUTE } from './flags';

export interface ReadyKernel {
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
}

/** Compiles each variant once, asynchronously, with an explicit layout made from the kernel's record. */
export class Pipelines {
  readonly #host: DeviceHost;
  readonly #counters: GpuCounters;
  readonly #ready = new Map<AnyVariant, Promise<ReadyKernel>>();

  constructor(host: DeviceHost, counters: GpuCounters) {
    this.#host = host;
    this.#counters = counters;
  }

  get(kernel: AnyKernel, variant: AnyVariant): Promise<ReadyKernel> {
    const known = this.#ready.get(variant);
    if (known !== undefined) return known;
    const made = this.#make(kernel, variant);
    this.#ready.set(variant, made);
    return made;
  }

  async #make(kernel: AnyKernel, variant: AnyVariant): Promise<ReadyKernel> {
    const { device } = this.#host;
    const label = `${kernel.name}/${variant.name}`;
    const accesses = Object.values(kernel.bindings);
    const limit = device.limits.maxStorageBuffersPerShaderStage;
    if (accesses.length > limit) {
      throw new WebVeraError(
        'internal',
        `Kernel ${label} binds ${accesses.length} buffers, the device allows ${limit}`,
      );
    }
    const layout = device.createBindGroupLayout({
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
    this.#counters.pipelinesCreated += 1;
    try {
      const pipeline = await device.createComputePipelineAsync({
        label,
        layout: device.createPipelineLayout({ label, bindGroupLayouts: [layout] }),
        compute: {
          module: device.createShaderModule({ label, code: variant.wgsl }),
          entryPoint: 'main',
          constants: { ...variant.overrides },
        },
      });
      return { pipeline, layout };
    } catch (cause) {
      this.#ready.delete(variant);
      throw new WebVeraError(
        'internal',
        `Kernel ${label} doesn't compile: ${cause instanceof Error ? cause.message : cause}`,
        {
          cause,
        },
      );
    }
  }
}
