import { WebVeraError } from '../core/error';
import type { PauseReason, TrainOutput, TrainProgress } from '../core/training';
import { ProgramCache } from '../graph/program_cache';
import type { LoadedProgram } from '../graph/runner';
import { fullShape } from './batches';
import { LayerModes, modesOf } from './layer_modes';
import { lossChunks, type MicroBatch, writeBatch } from './micro_batch';
import { createOptimizerState, gradientsOf, type OptimizerState, optimizerProgram, optimizerValues } from './optimizer';
import { PauseGate } from './pause_gate';
import { learningRateAt } from './schedule';
import { packStepBlock, type StepBlock, type StepStats, unpackStats } from './step_block';
import { StepClock } from './step_clock';
import { type BatchShape, lossProgram, type TextProgram } from './text_program';
import type { StepData, TrainingData, TrainingEvent, TrainingHook, TrainingInit } from './training_init';
import { UsageMeter } from './usage_meter';

interface Submitted {
  readonly data: StepData;
  readonly step: number;
  readonly learningRate: number;
  readonly stats: Promise<StepStats>;
}

/** Steps whose outcome is still on its way while the next is submitted. */
const IN_FLIGHT = 2;
/** Programs kept, one for each length of batch: 64·2ⁿ tokens up to 8,192. */
const LENGTHS = 8;

/** One training run: submits steps, reads their outcome late, and reports only what the GPU has acknowledged. */
export class TrainingRun {
  readonly #init: TrainingInit;
  readonly #gate = new PauseGate();
  readonly #clock = new StepClock();
  readonly #usage: UsageMeter;
  readonly #pending: Submitted[] = [];
  /** Of this run alone: they gather gradients in its own buffers. */
  readonly #programs: ProgramCache;
  readonly #stop = new AbortController();
  #checkpointing: boolean;
  #modes: LayerModes | undefined;
  #progress: TrainProgress;
  #lossSum = 0;
  #logAsked = false;

  constructor(init: TrainingInit) {
    this.#init = init;
    this.#programs = new ProgramCache(init.runner, { kept: LENGTHS, early: true });
    this.#usage = new UsageMeter(init.runner);
    this.#checkpointing = init.args.gradient_checkpointing;
    this.#progress = { global_step: 0, max_steps: init.args.max_steps, epoch: 0 };
  }

  /** Resolves once the last submitted step is acknowledged, or at once when the run is over. */
  pause(reason: PauseReason): Promise<void> {
    return this.#gate.pause(reason);
  }

  resume(reason: PauseReason): void {
    this.#gate.resume(reason);
  }

  control({ should_training_stop, should_log }: { should_training_stop?: boolean; should_log?: boolean }): void {
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
    const { runner, loaded, adapters, args, tune } = this.#init;
    this.#usage.start();
    try {
      const state = await createOptimizerState(runner, adapters);
      let optimizer: LoadedProgram | undefined;
      try {
        this.#modes = await this.#createModes(state);
        // While the data is read, kernels are compiled.
        const shape = fullShape(loaded.model, args);
        if (tune === undefined) runner.prepare(this.#program(state, shape, this.#checkpointing).program.steps);
        optimizer = await runner.load(optimizerProgram(state, args), { early: true });
        const data = await this.#unlessStopped((signal) => this.#init.prepare(signal));
        if (data !== undefined) await this.#train(data, state, optimizer);
        return this.#output();
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
    this.#progress = { ...this.#progress, max_steps: maxSteps };
    this.#hook('on_train_begin');
    this.#clock.start();
    this.#gate.begin();
    let step = 0;
    for await (const data of steps) {
      signal.throwIfAborted();
      await this.#waitWhilePaused();
      if (step === 0) await this.#unlessStopped((until) => this.#tune(state, data, until));
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
    this.#usage.start();
    this.#clock.start();
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
    const reason = this.#gate.enter();
    this.#emit({ type: 'paused', reason });
    const resumed = await this.#gate.wait(signal);
    this.#clock.start();
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
    return { data, step, learningRate: this.#learningRate(step), stats };
  }

  #block({ labelled }: MicroBatch, at: Pick<StepBlock, 'step' | 'microStep' | 'tokens'>): DataView<ArrayBuffer> {
    const { adam_beta1: beta1, adam_beta2: beta2 } = this.#init.args;
    return packStepBlock({ ...at, labelled, learningRate: this.#learningRate(at.step), beta1, beta2 });
  }

  #learningRate(step: number): number {
    return learningRateAt(this.#init.args, step - 1, this.#progress.max_steps);
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
      this.#finish(first, stats);
      this.#init.signal.throwIfAborted();
    }
  }

  #finish({ data, step, learningRate }: Submitted, stats: StepStats): void {
    if (stats.step !== step) {
      throw new WebVeraError('device_lost', `Step ${step} came back as step ${stats.step}: the GPU didn't run it`, {
        retryable: true,
      });
    }
    if (!stats.finite) {
      throw new WebVeraError('numerical_error', `Step ${step}: the loss or a gradient isn't finite`, {
        hint: 'Use a lower learning_rate. The adapter keeps the vectors of the last good step.',
        detail: { step, loss: stats.loss, grad_norm: stats.gradNorm },
      });
    }
    this.#progress = { ...this.#progress, global_step: step, epoch: data.epoch };
    this.#lossSum += stats.loss;
    const { tokensPerSecond, secondsPerStep } = this.#clock.stepDone(data.tokens);
    if (this.#logAsked || step % this.#init.args.logging_steps === 0) {
      this.#logAsked = false;
      this.#emit({
        type: 'log',
        logs: {
          step,
          loss: stats.loss,
          grad_norm: stats.gradNorm,
          learning_rate: learningRate,
          tokens_per_second: tokensPerSecond,
          seconds_left: (this.#progress.max_steps - step) * secondsPerStep,
        },
      });
    }
    this.#hook('on_step_end');
    if (data.endsEpoch) this.#hook('on_epoch_end');
  }

  #output(): TrainOutput {
    const { global_step, epoch } = this.#progress;
    const steps = Math.max(1, global_step);
    return {
      global_step,
      training_loss: this.#lossSum / steps,
      metrics: {
        epoch,
        ...this.#clock.metrics(),
        ...this.#usage.metrics(steps),
      },
    };
  }

  #hook(hook: TrainingHook): void {
    this.#emit({ type: 'hook', hook });
  }

  #emit(event: TrainingEvent): void {
    this.#init.emit(event, this.#progress);
  }
}
