import glslang from '@webgpu/glslang';
import { translate } from 'naga-wasm';
import { gpuHost } from '../helpers/gpu/gpu_host';

/*
 * Twins are second implementations in another language that reach the GPU through other compilers: glslang compiles
 * GLSL to SPIR-V, and naga translates that to WGSL.
 */

/**
 * glslang's compiler. The module's types declare it as a promise. Awaiting it never ends, because its `then` resolves
 * with itself, but it is ready at once.
 */
type Compiler = Awaited<ReturnType<typeof glslang>>;
const start = glslang as unknown as (options: { printErr: (line: string) => void }) => Compiler;

const complaints: string[] = [];
const compiler = startCompiler();
const pipelines = new Map<string, Promise<GPUComputePipeline>>();

function startCompiler(): Compiler {
  const listeners = (event: string) => process.listeners(event as 'uncaughtException');
  const events = ['uncaughtException', 'unhandledRejection'];
  const before = new Set(events.flatMap(listeners));
  const started = start({ printErr: (line) => complaints.push(line) });
  // The module adds listeners that would end the whole process on an error.
  for (const event of events) {
    for (const listener of listeners(event)) if (!before.has(listener)) process.off(event, listener);
  }
  return started;
}

/** Translates GLSL to WGSL. Throws an error with glslang's report if the GLSL isn't valid. */
export function glslToWgsl(glsl: string): string {
  try {
    const spirv = compiler.compileGLSL(glsl, 'compute', false, '1.3');
    return translate({ from: 'spirv', to: 'wgsl', source: spirv });
  } catch (cause) {
    throw new Error(complaints.splice(0).join('\n') || String(cause), { cause });
  }
}

function pipelineOf(glsl: string): Promise<GPUComputePipeline> {
  const { device } = gpuHost();
  const known = pipelines.get(glsl);
  if (known !== undefined) return known;
  const module = device.createShaderModule({ code: glslToWgsl(glsl) });
  // naga drops `readonly` from buffers, so the layout is derived from the translated shader.
  const made = device.createComputePipelineAsync({ layout: 'auto', compute: { module } });
  pipelines.set(glsl, made);
  return made;
}

export interface TwinRun {
  readonly glsl: string;
  /** The u32 numbers of the uniform buffer in binding 0. */
  readonly sizes: readonly number[];
  /** The contents of the storage buffers, in the bindings from 1 on. The shader writes to the last buffer. */
  readonly buffers: readonly ArrayBufferView<ArrayBuffer>[];
  /** The number of threads. A workgroup has 64. */
  readonly threads: number;
}

/** Runs a twin, a kernel's second implementation, on the shared device. Returns the contents of its last buffer as f32. */
export async function runTwin({ glsl, sizes, buffers, threads }: TwinRun): Promise<Float32Array<ArrayBuffer>> {
  const { device } = gpuHost();
  const pipeline = await pipelineOf(glsl);
  const words = new Uint32Array(Math.ceil(sizes.length / 4) * 4);
  words.set(sizes);
  const bound = [upload(words, UNIFORM), ...buffers.map((data) => upload(data, STORAGE))];
  const written = bound.at(-1) as GPUBuffer;
  const readback = device.createBuffer({ size: written.size, usage: MAP_READ | COPY_DST });
  const entries = bound.map((buffer, binding) => ({ binding, resource: { buffer } }));
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }));
  pass.dispatchWorkgroups(Math.ceil(threads / 64));
  pass.end();
  encoder.copyBufferToBuffer(written, 0, readback, 0, written.size);
  device.queue.submit([encoder.finish()]);
  await readback.mapAsync(MAP_READ);
  const numbers = new Float32Array(readback.getMappedRange().slice(0));
  for (const buffer of [...bound, readback]) buffer.destroy();
  return numbers.subarray(0, (buffers.at(-1)?.byteLength ?? 0) / 4);
}

function upload(data: ArrayBufferView<ArrayBuffer>, usage: number): GPUBuffer {
  const { device } = gpuHost();
  const buffer = device.createBuffer({ size: Math.max(16, data.byteLength), usage: usage | COPY_SRC | COPY_DST });
  device.queue.writeBuffer(buffer, 0, data.buffer, data.byteOffset, data.byteLength);
  return buffer;
}

// Node has no GPUBufferUsage. MAP_READ equals GPUMapMode.READ.
const MAP_READ = 0x0001;
const COPY_SRC = 0x0004;
const COPY_DST = 0x0008;
const UNIFORM = 0x0040;
const STORAGE = 0x0080;
