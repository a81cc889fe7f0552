import { expose } from 'comlink';
import * as bench from 'webvera/bench';
import { benchReport, NOTHING_MEASURED } from '../../../bench/report/bench_report.mjs';
import { readBundled } from '../../../bench/workload/bundled.mjs';
import { ALL_CASES, type Case } from '../../../bench/workload/cases.mjs';
import { measureKernelWork } from '../../../bench/workload/kernel_work.mjs';
import type { BenchJob, BenchOutcome, BenchWorker, OnStep } from './protocol';

/** The shortest duration of a sample in seconds. Shorter samples are inaccurate, because a browser's clock may tick in milliseconds. */
const SAMPLE_SECONDS = 0.02;

/** Measures in a worker, so that the page stays responsive. */
class Bench implements BenchWorker {
  readonly #abort = new AbortController();

  async run(job: BenchJob, onStep: OnStep): Promise<BenchOutcome> {
    try {
      return { type: 'done', report: await measure(job, onStep, this.#abort.signal) };
    } catch (error) {
      if (this.#abort.signal.aborted) return { type: 'cancelled' };
      const known = error instanceof bench.WebVeraError ? error : undefined;
      const message = error instanceof Error ? error.message : String(error);
      return { type: 'failed', failure: { code: known?.code, message, hint: known?.hint ?? '' } };
    }
  }

  cancel(): void {
    this.#abort.abort();
  }
}

async function measure(
  { name, length, rounds, bundled, engine }: BenchJob,
  onStep: OnStep,
  signal: AbortSignal,
): ReturnType<typeof measureCase> {
  onStep(0, 1, 'making the model');
  const measured: Case = { ...ALL_CASES[name], length, rounds };
  const files = await measured.files(length, () => readBundled((file) => download(new URL(file, bundled))));
  signal.throwIfAborted();
  return measureCase({ name, length, adapter: 'default', engine }, { measured, files, onStep, signal });
}

async function measureCase(
  run: Parameters<typeof benchReport>[0],
  work: { measured: Case; files: ReadonlyMap<string, Blob>; onStep: OnStep; signal: AbortSignal },
): Promise<ReturnType<typeof benchReport>> {
  const { gpu } = navigator as { gpu?: GPU };
  const ranks = work.measured.ranks.slice(0, 1);
  const measurements = await measureKernelWork(bench, { ...work, ranks, gpu, sampleSeconds: SAMPLE_SECONDS });
  const { device } = measurements.peak;
  return benchReport(run, { ...NOTHING_MEASURED, ...measurements, version: bench.VERSION, device });
}

async function download(url: URL): Promise<Blob> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`The bundled model could not be loaded (${response.status}).`);
  return response.blob();
}

expose(new Bench());
