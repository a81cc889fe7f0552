import type { RunnerUsage } from '../graph/runner';

/** Counts the executor's objects and work: for `memory()`, benchmarks, and the test that a step creates no GPU objects. */
export class GpuCounters {
  buffers = 0;
  bytes = 0;
  peakBytes = 0;
  buffersCreated = 0;
  bindGroupsCreated = 0;
  pipelinesCreated = 0;
  dispatches = 0;
  submits = 0;
  flops = 0;
  /** Bytes that were copied from the host to the device. */
  uploadedBytes = 0;

  created(bytes: number): void {
    this.buffers += 1;
    this.buffersCreated += 1;
    this.bytes += bytes;
    this.peakBytes = Math.max(this.peakBytes, this.bytes);
  }

  destroyed(bytes: number): void {
    this.buffers -= 1;
    this.bytes -= bytes;
  }

  usage(): RunnerUsage {
    const { dispatches, submits, flops, buffers, bytes, peakBytes } = this;
    return { dispatches, submits, flops, buffers, bytes, peakBytes };
  }
}
