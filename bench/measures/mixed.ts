import { BASE, type Overlay } from '../../src/adapters/layers/overlay';
import { median } from '../../src/core/numbers/median';
import { secondsPerRun } from '../../src/gpu/timing';
import type { LoadedProgram } from '../../src/graph/runner';
import { textSizes } from '../../src/models/architecture';
import type { TextBatch } from '../../src/tasks/causal_lm/text_batch';
import { logitsProgram, writeBatch } from '../../src/train/steps/loss_program';
import type { AdapterStage } from '../stages/adapter_stage';
import { ratioOf } from '../stages/turns';

/** Measurements of a forward pass from token ids to logits on the device. */
export interface PassReport {
  /** The duration of a pass: the median over the rounds. */
  readonly seconds: number;
  readonly dispatches: number;
  readonly flops: number;
}

/** Measurements of one batch's forward pass: without adapters, with one adapter, and with one for each row. */
export interface MixedReport {
  readonly rows: number;
  /** The number of tokens per row. */
  readonly tokens: number;
  readonly base: PassReport;
  /** The pass in which all rows have the same adapter. */
  readonly single: PassReport;
  /** The pass in which each row has a different adapter. */
  readonly mixed: PassReport;
  /** Ratios of times, as medians over the rounds. In each round, the three passes run one after the other. */
  readonly ratios: {
    readonly single_to_base: number;
    readonly mixed_to_base: number;
    readonly mixed_to_single: number;
  };
}

interface MixedOptions {
  /** The adapters' names, one for each row. */
  readonly names: readonly string[];
  /** The number of tokens per row. */
  readonly tokens: number;
  readonly rounds: number;
  readonly sampleSeconds: number;
  onRound(): void;
}

interface Pass {
  readonly program: LoadedProgram;
  readonly samples: number[];
}

/** Measures the forward pass of a batch in which each row has its own adapter, beside passes with one adapter and with none. */
export async function measureMixed(
  stage: AdapterStage,
  { names, tokens, rounds, sampleSeconds, onRound }: MixedOptions,
): Promise<MixedReport> {
  const { executor, vera } = stage;
  const batch = randomBatch(names.length, tokens, textSizes(stage.base.loaded.model).vocabSize);
  const base = await prepare(stage, BASE, batch);
  const single = await prepare(stage, vera.overlay(names[0]), batch);
  const mixed = await prepare(stage, vera.overlayOfRows(names, names.length), batch);
  // These runs aren't measured, because drivers may compile a kernel at its first use.
  for (const { program } of [base, single, mixed]) await secondsPerRun(executor, program, 0);
  // The three passes take turns, so that other load on this machine affects all of them.
  for (let round = 0; round < rounds; round++) {
    for (const { program, samples } of [base, single, mixed]) {
      samples.push(await secondsPerRun(executor, program, sampleSeconds));
    }
    onRound();
  }
  return {
    rows: names.length,
    tokens,
    base: reportOf(base),
    single: reportOf(single),
    mixed: reportOf(mixed),
    ratios: {
      single_to_base: ratioOf(single, base),
      mixed_to_base: ratioOf(mixed, base),
      mixed_to_single: ratioOf(mixed, single),
    },
  };
}

async function prepare(
  { executor, base: { task, loaded } }: AdapterStage,
  overlay: Overlay,
  batch: TextBatch,
): Promise<Pass> {
  const { program, inputs } = logitsProgram(task, loaded, overlay, batch);
  writeBatch(executor, task, inputs, batch, overlay.rows?.which);
  return { program: await executor.load(program), samples: [] };
}

function randomBatch(B: number, T: number, vocabSize: number): TextBatch {
  const none = new Uint32Array(B * T);
  return {
    B,
    T,
    input_ids: Uint32Array.from(none, (_, index) => (index * 7919) % vocabSize),
    attention_mask: new Uint32Array(B * T).fill(1),
    rows: none,
    targets: none,
    labelled: 0,
  };
}

function reportOf({ program, samples }: Pass): PassReport {
  return { seconds: median(samples), dispatches: program.program.steps.length, flops: program.flops };
}
