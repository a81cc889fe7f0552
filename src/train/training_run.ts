import { WebVeraError } from '../core/error';
import type { PoolSnapshot } from '../core/snapshot';
import type { PauseReason, TrainOutput } from '../core/training';
import { ProgramCache } from '../graph/program_cache';
import type { LoadedProgram } from '../graph/runner';
import { fullShape } from './batches';
import { LayerModes, modesOf } from './layer_modes';
import { lossChunks, type MicroBatch, writeBatch } from './micro_batch';
import { createOptimizerState, gradientsOf, type OptimizerState, optimizerProgram, optimizerValues } from './optimizer';
import { PauseGate } from './pause_gate';
import { RunRecord } from './run_record';
import { restorePools, Saving } from './saving';
import { learningRateAt } from './schedule';
import { expectDone, packStepBlock, type StepBlock, type StepStats, unpackStats } from './step_block';
import { type BatchShape, lossProgram, type TextProgram } from './text_program';
import type {
  StepData,
  TrainingControl,
  TrainingData,
  TrainingEvent,
  TrainingHook,
  TrainingInit,
} from './training_init';

interface Submitted {
  readonly data: StepData;
  readonly step: number;
  readonly learningRate: number;
  readonly stats: Promise<StepStats>;
  /** The state after it, where it is to be kept. */
  readonly pools: Promise<readonly PoolSnapshot[]> | undefined;
}

/** Steps whose outcome is still on its way while the next is submitted. */
const IN_FLIGHT = 2;
/** Programs kept, one for each length of batch: 64·2ⁿ tokens up to 8,192. */
const LENGTHS = 8;

/** One training run: submits steps, reads their outcome late, and reports only what the GPU has acknowledged. */
export class TrainingRun {
  readonly #init: TrainingInit;
  readonly #gate = new PauseGate();
  readonly #record: RunRecord;
  readonly #pending: Submitted[] = [];
  /** Of this run alone: they gather gradients in its own buffers. */
  readonly #programs: ProgramCache;
  readonly #stop = new AbortController();
  #checkpointing: boolean;
  #modes: LayerModes | undefined;
  #saving: Saving | undefined;
  #logAsked = false;
  #saveAtEnd: boolean | undefined;

  constructor(init: TrainingInit) {
    this.#init = init;
    this.#programs = new ProgramCache(init.runner, { kept: LENGTHS, early: true });
    this.#record = new RunRecord(init.runner, init.args.max_steps);
    this.#checkpointing = init.args.gradient_checkpointing;
  }

  /** Resolves once the last submitted step is acknowledged, or at once when the run is over. */
  pause(reason: PauseReason): Promise<void> {
    return this.#gate.pause(reason);
  }

  resume(reason: PauseReason): void {
    this.#gate.resume(reason);
  }

  control({ should_training_stop, should_log, should_save, save_at_end }: TrainingControl): void {
    if (should_save === true) this.#saving?.ask();
    this.#saveAtEnd = save_at_end ?? this.#saveAtEnd;
    if (should_training_stop === true) {
      this.#stop.abort();
      this.#gate.resumeAll();
    }
    if (should_log === true) this.#logAsked = true;
  }

  /**
   * Trains to the end. Rejects with `signal.reason` when aborted, and with `numerical_error` when a loss or gradient
   * isn't finite; the adapter then keeps the vectors of the last good step.
   */
  async run(): Promise<TrainOutput> {
    const { runner, loaded, adapters, args, resumes } = this.#init;
    this.#record.begin();
    try {
      const state = await createOptimizerState(runner, adapters);
      let optimizer: LoadedProgram | undefined;
      try {
        const restored = resumes ? await this.#prepare(state) : undefined;
        this.#modes = await this.#createModes(state);
        // While the data is read, kernels are compiled.
        const shape = fullShape(loaded.model, args);
        if (this.#init.tune === undefined)
          runner.prepare(this.#program(state, shape, this.#checkpointing).program.steps);
        optimizer = await runner.load(optimizerProgram(state, args), { early: true });
        const data = resumes ? restored : await this.#prepare(state);
        if (data !== undefined) await this.#train(data, state, optimizer);
        return this.#record.output();
      } finally {
        await Promise.allSettled(this.#pending.map(({ stats }) => stats));
        optimizer?.release();
        await this.#programs.dropAll();
        this.#modes?.release();
        runner.free(optimizerValues(state));
      }
    } finally {
      this.#gate.close();
    }
  }

  /** Reads the data, and goes back to where a checkpoint was made, if there is one. */
  async #prepare(state: OptimizerState): Promise<TrainingData | undefined> {
    const { runner, args } = this.#init;
    const data = await this.#unlessStopped((signal) => this.#init.prepare(signal));
    if (data === undefined) return undefined;
    const { maxSteps, checkpoints, restored } = data;
    this.#record.maxSteps = maxSteps;
    if (restored !== undefined) {
      restorePools(runner, state, restored.pools);
      this.#record.restore(restored);
      this.#emit({ type: 'restored', checkpoint: restored.checkpoint, logs: restored.logs });
    }
    const emit = (event: TrainingEvent): void => this.#emit(event);
    this.#saving = new Saving({ runner, state, args, checkpoints, record: this.#record, emit });
    return data;
  }

  /** Undefined when the run was stopped meanwhile. */
  async #unlessStopped<T>(body: (signal: AbortSignal) => Promise<T>): Promise<T | undefined> {
    const { signal } = this.#init;
    const stop = this.#stop.signal;
    try {
      return await body(AbortSignal.any([signal, stop]));
    } catch (error) {
      if (stop.aborted && !signal.aborted && error === stop.reason) return undefined;
      throw error;
    }
  }

  async #train({ maxSteps, steps }: TrainingData, state: OptimizerState, optimizer: LoadedProgram): Promise<void> {
    const { signal } = this.#init;
    this.#hook('on_train_begin');
    this.#record.startClock();
    this.#gate.begin();
    const done = this.#record.progress.global_step;
    let step = done;
    for await (const data of steps(done)) {
      signal.throwIfAborted();
      await this.#waitWhilePaused();
      if (step === done) await this.#unlessStopped((until) => this.#tune(state, data, until));
      if (this.#stop.signal.aborted) break;
      step += 1;
      if (data.startsEpoch) this.#hook('on_epoch_begin');
      this.#hook('on_step_begin');
      this.#pending.push(await this.#submit(state, optimizer, data, step));
      await this.#acknowledge(IN_FLIGHT);
      if (step >= maxSteps) break;
    }
    await this.#acknowledge(0);
    signal.throwIfAborted();
    await this.#saving?.keepNow(this.#saveAtEnd);
    this.#hook('on_train_end');
  }

  /** On the first batch, as it will run. */
  async #tune(state: OptimizerState, data: StepData, signal: AbortSignal): Promise<void> {
    const { runner, loaded, tune } = this.#init;
    const [batch] = data.microBatches;
    if (tune === undefined || batch === undefined) return;
    const { program, inputs, owned, chunkRows } = this.#program(state, batch, this.#checkpointing);
    const chunks = lossChunks(batch.labelled, chunkRows);
    try {
      await runner.allocate(owned);
      writeBatch(runner, inputs, batch, loaded.model.positions);
      runner.write(state.block, this.#block(batch, { step: 1, microStep: 0, tokens: data.labelledTokens }));
      const steps = program.steps.filter(({ chunk = 0 }) => chunk < chunks);
      await tune([...(this.#modes?.steps ?? []), ...steps], signal);
    } finally {
      runner.free(owned);
    }
    // Its programs were loaded before there was a choice.
    this.#modes?.release();
    this.#modes = undefined;
    this.#modes = await this.#createModes(state);
    // Steps are counted and timed without it.
    this.#record.begin();
    this.#record.startClock();
  }

  #createModes(state: OptimizerState): Promise<LayerModes> {
    const { runner, loaded, overlay } = this.#init;
    return LayerModes.create(runner, loaded, overlay, { modes: modesOf(this.#init), grads: gradientsOf(state) });
  }

  #program(state: OptimizerState, batch: BatchShape, checkpointing: boolean): TextProgram {
    const { loaded, overlay, args } = this.#init;
    const training = { grads: gradientsOf(state), seed: args.seed, modes: this.#modes?.layers, checkpointing };
    return lossProgram(loaded, overlay, batch, { ...state, training });
  }

  async #waitWhilePaused(): Promise<void> {
    const { signal } = this.#init;
    if (!this.#gate.requested) return;
    await this.#acknowledge(0);
    await this.#saving?.keepNow();
    const reason = this.#gate.enter();
    this.#emit({ type: 'paused', reason });
    const resumed = await this.#gate.wait(signal);
    this.#record.startClock();
    this.#emit({ type: 'resumed', reason: resumed });
  }

  async #submit(state: OptimizerState, optimizer: LoadedProgram, data: StepData, step: number): Promise<Submitted> {
    const { runner, loaded } = this.#init;
    this.#modes?.begin();
    for (const [microStep, batch] of data.microBatches.entries()) {
      await this.#inMemory((checkpointing) =>
        this.#programs.use(
          `${batch.B}x${batch.T}`,
          () => this.#program(state, batch, checkpointing),
          ({ built, loaded: program }) => {
            writeBatch(runner, built.inputs, batch, loaded.model.positions);
            runner.write(state.block, this.#block(batch, { step, microStep, tokens: data.labelledTokens }));
            runner.run(program, { chunks: lossChunks(batch.labelled, built.chunkRows) });
            return program.ready;
          },
        ),
      );
    }
    // Nothing is learnt from a step that lacks a kernel.
    await Promise.all([this.#modes?.ready, optimizer.ready]);
    this.#modes?.finish();
    runner.run(optimizer);
    const stats = runner.read(state.stats).then(unpackStats);
    // An earlier step may fail first, and then nobody waits for this one.
    stats.catch(() => {});
    const pools = this.#saving?.copyIfDue(step, data);
    return { data, step, learningRate: this.#learningRate(step), stats, pools };
  }

  #block({ labelled }: MicroBatch, at: Pick<StepBlock, 'step' | 'microStep' | 'tokens'>): DataView<ArrayBuffer> {
    const { adam_beta1: beta1, adam_beta2: beta2 } = this.#init.args;
    return packStepBlock({ ...at, labelled, learningRate: this.#learningRate(at.step), beta1, beta2 });
  }

  #learningRate(step: number): number {
    return learningRateAt(this.#init.args, step - 1, this.#record.progress.max_steps);
  }

  /** Where memory runs out, the run goes on with gradient checkpointing. */
  async #inMemory(use: (checkpointing: boolean) => Promise<void>): Promise<void> {
    try {
      await use(this.#checkpointing);
    } catch (error) {
      if (this.#checkpointing || !(error instanceof WebVeraError && error.code === 'out_of_memory')) throw error;
      this.#checkpointing = true;
      await this.#programs.dropAll();
      const message = 'The GPU has too little memory for all activations: training goes on with gradient_checkpointing';
      this.#emit({ type: 'warning', code: 'out_of_memory', message });
      await use(true);
    }
  }

  async #acknowledge(atMost: number): Promise<void> {
    while (this.#pending.length > atMost) {
      const first = this.#pending[0];
      if (first === undefined) return;
      const stats = await first.stats;
      this.#pending.shift();
      await this.#finish(first, stats);
      this.#init.signal.throwIfAborted();
    }
  }

  async #finish({ data, step, learningRate, pools }: Submitted, stats: StepStats): Promise<void> {
    expectDone(stats, step);
    const logs = this.#record.finish(step, { data, stats, learningRate });
    if (this.#logAsked || step % this.#init.args.logging_steps === 0) {
      this.#logAsked = false;
      this.#record.log(logs);
      this.#emit({ type: 'log', logs });
    }
    this.#hook('on_step_end');
    if (pools !== undefined) await this.#saving?.keep(await pools);
    if (data.endsEpoch) this.#hook('on_epoch_end');
  }

  #hook(hook: TrainingHook): void {
    this.#emit({ type: 'hook', hook });
  }

  #emit(event: TrainingEvent): void {
    this.#init.emit(event, this.#record.progress);
  }
}
