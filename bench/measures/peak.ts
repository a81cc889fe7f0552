import { untilAborted } from '../../src/core/abort';
import { DeviceHost, type DeviceInfo } from '../../src/gpu/device';
import { Executor } from '../../src/gpu/executor';
import { secondsPerRun } from '../../src/gpu/timing';
import { Graph } from '../../src/graph/graph';
import type { LoadedProgram } from '../../src/graph/runner';
import { pinned, type Value } from '../../src/graph/value';
import { emitFmaChain } from '../../src/ops/fma_chain';

export interface PeakOptions {
  /** How long one sample lasts at least: 0.2 s. */
  readonly sampleSeconds?: number;
  /** Of each rate: 5 */
  readonly samples?: number;
  /** Bytes that a copy reads, and as many that it writes: 128 MiB, or what the device binds. */
  readonly copyBytes?: number;
  /** Called as samples are done. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Rejects with its reason at once; what runs on the device ends with its submit. */
  readonly signal?: AbortSignal | undefined;
}

/** What this device can do at best: the scale for every kernel. The best of the samples. */
export interface PeakReport {
  /** Multiply-adds in registers, each of them two operations, f32. */
  readonly flopsPerSecond: number;
  /** Of a copy: bytes read and bytes written, both counted. */
  readonly bytesPerSecond: number;
  readonly device: DeviceInfo;
}

const MiB = 2 ** 20;
/** Threads enough to fill any GPU, and little memory. */
const CHAIN_ELEMENTS = 2 ** 20;
const FIRST_ROUNDS = 16;
/** A dispatch lasts so long that starting it costs nothing beside it, and the page stays alive. */
const DISPATCH_SECONDS = 0.01;
const MOST_ROUNDS = 2 ** 20;

/**
 * Measures multiply-adds that wait for no memory, and a copy that waits for nothing else. Opens a device of its own and
 * closes it. Throws `unsupported_device`.
 */
export async function measurePeak(
  gpu: GPU | undefined,
  { sampleSeconds = 0.2, samples = 5, copyBytes = 128 * MiB, onProgress, signal }: PeakOptions = {},
): Promise<PeakReport> {
  signal?.throwIfAborted();
  const host = await DeviceHost.open(gpu);
  const executor = new Executor(host);
  let done = 0;
  const best = async (program: LoadedProgram): Promise<number> => {
    let seconds = Number.POSITIVE_INFINITY;
    for (let sample = 0; sample < samples; sample++) {
      seconds = Math.min(seconds, await untilAborted(secondsPerRun(executor, program, sampleSeconds), signal));
      done += 1;
      onProgress?.(done, 2 * samples);
    }
    return seconds;
  };
  try {
    const chain = await longChain(executor, await numbers(executor, CHAIN_ELEMENTS), signal);
    const flopsPerSecond = chain.flops / (await best(chain));
    const size = Math.floor(Math.min(copyBytes, executor.maxBindingBytes) / 64) * 16;
    const copy = await load(executor, await numbers(executor, size), 0);
    const bytesPerSecond = (2 * 4 * size) / (await best(copy));
    return { flopsPerSecond, bytesPerSecond, device: host.info };
  } finally {
    executor.close();
  }
}

/** A chain with so many rounds that a dispatch lasts. */
async function longChain(executor: Executor, x: Value, signal: AbortSignal | undefined): Promise<LoadedProgram> {
  for (let rounds = FIRST_ROUNDS; ; ) {
    const program = await load(executor, x, rounds);
    // Drivers may compile at the first use.
    await untilAborted(secondsPerRun(executor, program, 0), signal);
    let seconds = Number.POSITIVE_INFINITY;
    // Twice, as a pause of the machine may pass for work.
    for (let attempt = 0; attempt < 2; attempt++) {
      seconds = Math.min(seconds, await untilAborted(secondsPerRun(executor, program, DISPATCH_SECONDS), signal));
    }
    if (seconds >= DISPATCH_SECONDS || rounds >= MOST_ROUNDS) return program;
    program.release();
    rounds *= Math.max(2, Math.min(16, Math.ceil(DISPATCH_SECONDS / seconds)));
  }
}

async function load(executor: Executor, x: Value, rounds: number): Promise<LoadedProgram> {
  const g = new Graph();
  // There and back: numbers go on to differ, and none grows.
  const y = emitFmaChain(g, x, { rounds, a: -1, b: 0.5 });
  return executor.load({ name: 'peak', steps: g.steps, outputs: [y] });
}

/** Those that differ, as a device may be quicker with zeros; written in parts, so that they needn't be here at once. */
async function numbers(executor: Executor, size: number): Promise<Value> {
  const x = pinned('x', [size]);
  await executor.allocate([x]);
  const part = new Float32Array(Math.min(size, MiB)).map((_, i) => Math.sin(i));
  for (let at = 0; at < size; at += part.length) executor.write(x, part.subarray(0, size - at), 4 * at);
  return x;
}
