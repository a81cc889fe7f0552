import { BASE } from '../../src/adapters/layers/overlay';
import { bucketLength } from '../../src/core/numbers/bucket';
import { decodeProgram } from '../../src/generate/generation_program';
import { createGenerationState, type GenerationState, packGenerationBlocks } from '../../src/generate/generation_state';
import { createKvCache } from '../../src/generate/kv_cache';
import { chooseVariant } from '../../src/gpu/choice/choice';
import type { DeviceInfo } from '../../src/gpu/device_host';
import type { Executor } from '../../src/gpu/executor';
import type { LoadedProgram } from '../../src/graph/runner';
import type { Step } from '../../src/graph/step';
import { byteLength, type Value } from '../../src/graph/value';
import { textSizes } from '../../src/models/architecture';
import { baseTensor } from '../../src/models/loaded_model';
import { outlineOf } from '../../src/models/outline';
import { type ModelStageOptions, openModel } from './model_stage';
import { loadPlain, type PlainProgram } from './plain';
import type { Stage, StageStep } from './replays';
import { waves } from './waves';

export interface DecodeStageOptions extends ModelStageOptions {
  /** The number of tokens in the text before the measured step. */
  readonly position: number;
  /** The number of tokens for which the cache of keys and values must have room. */
  readonly longest: number;
}

interface Parts {
  readonly executor: Executor;
  readonly info: DeviceInfo;
  readonly decode: LoadedProgram;
  readonly plain: PlainProgram;
  readonly state: GenerationState;
  readonly position: number;
  readonly weightBytes: number;
}

/** The number of consecutive steps, after which the text is shortened to `position` tokens again. */
const STEPS = 16;
const GREEDY = {
  max_new_tokens: STEPS,
  do_sample: false,
  temperature: 1,
  top_k: 0,
  top_p: 1,
  repetition_penalty: 1,
  seed: 0,
  stop_strings: [],
  eos_token_id: null,
  adapter_name: undefined,
  adapter_names: undefined,
};

/** The step that generates one token of one text, on its own device. */
export class DecodeStage implements Stage {
  readonly #parts: Parts;

  private constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Throws `unsupported_device`, and the errors of loading a model. */
  static async open(gpu: GPU | undefined, { position, longest, ...options }: DecodeStageOptions): Promise<DecodeStage> {
    const { host, executor, loaded } = await openModel(gpu, options);
    try {
      const { maxLength, vocabSize } = textSizes(loaded.model);
      const S = bucketLength(longest, maxLength);
      const cache = createKvCache(outlineOf(loaded).attention, 1, S);
      for (const value of [...cache.k, ...cache.v]) executor.write(value, waves(value));
      const state = createGenerationState(1, S, vocabSize);
      await executor.allocate(Object.values(state));
      const { program } = decodeProgram({ loaded, overlay: BASE, cache, state, B: 1 });
      const weightBytes = weightBytesOf(program.steps, new Set(loaded.weights.values()));
      const plain = await loadPlain(
        executor,
        baseTensor(loaded, `${loaded.model.head.outputEmbedding}.weight`),
        weightBytes,
      );
      const decode = await executor.load(program);
      return new DecodeStage({ executor, info: host.info, decode, plain, state, position, weightBytes });
    } catch (error) {
      executor.close();
      throw error;
    }
  }

  get executor(): Executor {
    return this.#parts.executor;
  }

  get info(): DeviceInfo {
    return this.#parts.info;
  }

  /** Bytes of the weights that a step reads. */
  get weightBytes(): number {
    return this.#parts.weightBytes;
  }

  /** Bytes that the second step of `plainSteps` reads. */
  get plainBytes(): number {
    return this.#parts.plain.bytes;
  }

  /** Returns all dispatches of a step, in order. */
  steps(): StageStep[] {
    return this.#stepsOf(this.#parts.decode);
  }

  /** Returns two dispatches for comparison: one that does almost nothing, and one that does little but read a matrix. */
  plainSteps(): StageStep[] {
    return this.#stepsOf(this.#parts.plain.loaded);
  }

  /** Shortens the text to `position` tokens again. */
  reset(): void {
    const { executor, state, position } = this.#parts;
    executor.write(state.positions, Uint32Array.of(position - 1));
    executor.write(state.block, packGenerationBlocks(GREEDY, [position]));
  }

  run(times: number): void {
    for (let time = 0; time < times; time++) {
      if (time % STEPS === 0) this.reset();
      this.executor.run(this.#parts.decode);
    }
  }

  replay({ program, index }: StageStep, times: number): void {
    this.reset();
    this.executor.replay(program, index, times);
  }

  close(): void {
    this.executor.close();
  }

  #stepsOf(program: LoadedProgram): StageStep[] {
    return program.program.steps.map((step, index) => {
      return { program, index, step, variant: chooseVariant(step, this.info).name };
    });
  }
}

/** Returns the bytes of weights that steps read. Each dispatch reads its weights once, but an embedding lookup reads only one row. */
function weightBytesOf(steps: readonly Step[], weights: ReadonlySet<Value>): number {
  const bytesOf = ({ kernel, values }: Step): number =>
    [...new Set(Object.values(values))]
      .filter((value) => weights.has(value))
      .reduce((sum, value) => sum + byteLength(value) / (kernel.name === 'embedding' ? (value.shape[0] ?? 1) : 1), 0);
  return steps.reduce((sum, step) => sum + bytesOf(step), 0);
}
