import { median } from '../../src/core/numbers/median';
import type { IdTensor } from '../../src/core/types/tensor';
import { finished } from '../../src/gpu/timing';
import { textSizes } from '../../src/models/architecture';
import { logitsProgram } from '../../src/train/steps/loss_program';
import type { AdapterStage } from '../stages/adapter_stage';

/** The costs of a switch to another adapter. Times are medians over the rounds. */
export interface SwitchReport {
  /** Bytes that the switch itself uploads to the device. */
  readonly bytes: number;
  /** Bytes that the first pass after the switch uploads, minus those of a repeated pass. */
  readonly first_bytes: number;
  /** The seconds of the switch and the first pass after it, minus those of a repeated pass. */
  readonly seconds: number;
  /** The seconds of a repeated pass over one row, including the read of the logits. */
  readonly forward_seconds: number;
}

export interface SwitchingReport {
  /** The number of tokens in a pass, which has one row. */
  readonly tokens: number;
  /** Switches between two adapters, whose programs both stay cached. */
  readonly back_and_forth: SwitchReport;
  /** Switches through more adapters than the cache can hold programs, so that each first pass builds its program. */
  readonly around: SwitchReport;
  /** The cost of building the program of a first pass, when the program's pipelines are already compiled. */
  readonly build: { readonly seconds: number; readonly dispatches: number };
  /** The cost of loading a person's adapter from its two files in memory, when the shared matrices A and B are already on the device. */
  readonly load: { readonly file_bytes: number; readonly bytes: number; readonly seconds: number };
}

interface SwitchingOptions {
  /** The names of the adapters on the device, at least two. */
  readonly names: readonly string[];
  readonly tokens: number;
  readonly rounds: number;
  onRound(): void;
}

/** Measures switching from one adapter to another, and loading one. */
export async function measureSwitching(stage: AdapterStage, options: SwitchingOptions): Promise<SwitchingReport> {
  const { names, tokens } = options;
  return {
    tokens,
    back_and_forth: await measureSwitches(stage, { ...options, names: names.slice(0, 2) }),
    // In reverse order, so that the adapters with cached programs come last.
    around: await measureSwitches(stage, { ...options, names: names.toReversed() }),
    build: await measureBuild(stage, options),
    load: await measureLoad(stage, options),
  };
}

async function measureSwitches(
  stage: AdapterStage,
  { names, tokens, rounds, onRound }: SwitchingOptions,
): Promise<SwitchReport> {
  const samples: SwitchReport[] = [];
  // The first switches aren't measured, because they build programs that later switches find in the cache.
  const begun = names.length > 2 ? 1 : names.length;
  for (let at = 0; at < begun + rounds; at++) {
    const sample = await switchTo(stage, names[at % names.length] ?? '', tokens);
    if (at < begun) continue;
    samples.push(sample);
    onRound();
  }
  return {
    bytes: Math.max(...samples.map(({ bytes }) => bytes)),
    first_bytes: Math.max(...samples.map(({ first_bytes }) => first_bytes)),
    seconds: median(samples.map(({ seconds }) => seconds)),
    forward_seconds: median(samples.map(({ forward_seconds }) => forward_seconds)),
  };
}

async function switchTo(stage: AdapterStage, name: string, tokens: number): Promise<SwitchReport> {
  const { base, vera } = stage;
  const data = Int32Array.from(
    { length: tokens },
    (_, index) => (index * 7919) % textSizes(base.loaded.model).vocabSize,
  );
  const input_ids: IdTensor = { dims: [1, tokens], data };
  const pass = async (): Promise<void> => void (await base.forward({ input_ids }, vera.overlay()));
  const switched = await measured(stage, () => vera.activate([name]));
  const first = await measured(stage, pass);
  const repeated = await measured(stage, pass);
  return {
    bytes: switched.bytes,
    first_bytes: first.bytes - repeated.bytes,
    seconds: switched.seconds + first.seconds - repeated.seconds,
    forward_seconds: repeated.seconds,
  };
}

async function measureBuild(
  { executor, base: { task, loaded }, vera }: AdapterStage,
  { names, tokens, rounds }: SwitchingOptions,
): Promise<SwitchingReport['build']> {
  const samples: number[] = [];
  let dispatches = 0;
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    const { program, owned } = logitsProgram(task, loaded, vera.overlay(names[0]), { B: 1, T: tokens });
    await executor.allocate(owned);
    const ready = await executor.load(program);
    samples.push((performance.now() - start) / 1000);
    dispatches = program.steps.length;
    ready.release();
    executor.free(owned);
  }
  return { seconds: median(samples), dispatches };
}

async function measureLoad(
  stage: AdapterStage,
  { rounds, onRound }: SwitchingOptions,
): Promise<SwitchingReport['load']> {
  const samples: { readonly bytes: number; readonly seconds: number }[] = [];
  let file_bytes = 0;
  for (let round = 0; round < rounds; round++) {
    const files = stage.adapterFiles(1000 + round);
    file_bytes = files.config.length + files.model.length;
    samples.push(
      await measured(stage, async () => {
        await stage.load('guest', files);
        await finished(stage.executor);
      }),
    );
    await stage.vera.delete('guest');
    onRound();
  }
  return {
    file_bytes,
    bytes: Math.max(...samples.map(({ bytes }) => bytes)),
    seconds: median(samples.map(({ seconds }) => seconds)),
  };
}

async function measured(
  { executor: { counters } }: AdapterStage,
  body: () => Promise<void>,
): Promise<{ readonly bytes: number; readonly seconds: number }> {
  const before = counters.uploadedBytes;
  const start = performance.now();
  await body();
  return { bytes: counters.uploadedBytes - before, seconds: (performance.now() - start) / 1000 };
}
