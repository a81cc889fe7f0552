import { keyHolds, type Overlay } from '../adapters/layers/overlay';
import { untilAborted } from '../core/async/abort';
import { WebVeraError } from '../core/errors/error';
import { bucketLength } from '../core/numbers/bucket';
import type { ResolvedGenerationConfig, TextEnd } from '../core/types/generation';
import { type Cached, ProgramCache } from '../graph/program_cache';
import type { Runner } from '../graph/runner';
import { type LongTexts, textSizes } from '../models/architecture';
import type { LoadedModel } from '../models/loaded_model';
import { outlineOf } from '../models/outline';
import { attentionSpans } from '../ops/attention/attention_spans';
import {
  type DecodeProgram,
  decodeProgram,
  type GenerationParts,
  type PrefillProgram,
  prefillProgram,
} from './generation_program';
import { createGenerationState, type GenerationState, packGenerationBlocks, packSeen } from './generation_state';
import { cacheValues, createLayerCaches, type LayerCaches } from './layer_caches';

export interface GenerateRequest {
  /** At least one prompt, each with at least one token. */
  readonly prompts: readonly (readonly number[])[];
  readonly config: ResolvedGenerationConfig;
  readonly overlay: Overlay;
  readonly signal: AbortSignal;
  /**
   * Whether a row's text ends with this token for a reason other than the token's id or the text's length, such as a stop string. Called
   * once for each token.
   */
  readonly endsWith?: (row: number, id: number) => boolean;
}

interface NewToken {
  /** The index of the prompt that the token continues. */
  readonly row: number;
  readonly id: number;
  /** The reason why the text ends with this token; undefined while the text continues. */
  readonly end: TextEnd | undefined;
}

/** The caches and state for one batch size and length. */
interface GenerationMemory {
  readonly B: number;
  readonly caches: LayerCaches;
  readonly state: GenerationState;
}

interface Programs {
  readonly prefill: Cached<PrefillProgram>;
  readonly decode: Cached<DecodeProgram>;
}

/** The number of steps that are queued ahead of the step whose tokens are awaited. */
const IN_FLIGHT = 2;

/**
 * Generates texts with one model, one request at a time. The rows of a request run through the model together. A row whose text has ended
 * runs with the others until all have ended, and its further tokens are ignored.
 */
export class Generator {
  readonly #runner: Runner;
  readonly #loaded: LoadedModel;
  readonly #programs: ProgramCache;
  #memory: GenerationMemory | undefined;
  #turn: Promise<void> = Promise.resolve();

  constructor(runner: Runner, loaded: LoadedModel) {
    this.#runner = runner;
    this.#loaded = loaded;
    this.#programs = new ProgramCache(runner);
  }

  /**
   * Yields new tokens in order, those of one step in the order of their rows, including a token that ends a text. Throws `signal.reason` if
   * the signal is aborted.
   */
  async *generate(request: GenerateRequest): AsyncGenerator<NewToken> {
    const before = this.#turn;
    let done = (): void => {};
    const own = new Promise<void>((resolve) => {
      done = resolve;
    });
    // A request may be aborted while it waits: it ends at once, and the next request still waits for all earlier ones.
    this.#turn = before.then(() => own);
    try {
      await untilAborted(before, request.signal);
      yield* this.#generate(request);
    } finally {
      done();
    }
  }

  /** Drops the programs that were built with the adapter or the merged weights that this key names. */
  async dropPrograms(key: string): Promise<void> {
    await this.#programs.dropAll(({ overlay }) => keyHolds(overlay, key));
  }

  /** Frees the caches and their programs once earlier requests are over. A later request allocates them anew. */
  release(): Promise<void> {
    const freed = this.#turn.then(() => this.#freeMemory());
    this.#turn = freed.catch(() => {}); // a failure must not reject later requests
    return freed;
  }

  async *#generate({ prompts, config, overlay, signal, endsWith }: GenerateRequest): AsyncGenerator<NewToken> {
    const { maxLength, eosTokenIds, vocabSize, longTexts } = textSizes(this.#loaded.model);
    const lengths = prompts.map(({ length }) => length);
    this.#checkLengths(lengths, config);
    const counts = lengths.map((length) => Math.min(config.max_new_tokens, maxLength - length));
    const steps = Math.max(...counts);
    const ends = counts.map((count, row) => count + (lengths[row] ?? 0));
    const room = await this.#allocate(prompts.length, bucketLength(Math.max(...ends), maxLength));
    const { state } = room;
    const { S } = room.caches;
    const parts = { loaded: this.#loaded, overlay, ...room };
    const texts = prompts.map((prompt) => [...prompt]);
    let programs = await this.#load(parts, texts);
    signal.throwIfAborted();

    const stop = new Set(config.eos_token_id === undefined ? eosTokenIds : (config.eos_token_id ?? []));
    const unfinished = new Set(prompts.keys());
    const pending: Promise<ArrayBuffer>[] = [];
    const submit = (): void => {
      const read = this.#runner.read(state.history);
      // If an earlier read fails, this read may reject before the code below awaits it. That must not count as an unhandled rejection.
      read.catch(() => {});
      pending.push(read);
    };
    this.#runner.write(state.block, packGenerationBlocks(config, lengths));
    if (config.repetition_penalty !== 1) this.#runner.write(state.seen, packSeen(prompts, vocabSize));
    this.#prefill(programs, overlay, texts);
    submit();
    try {
      for (let index = 0; unfinished.size > 0; index++) {
        while (pending.length < Math.min(1 + IN_FLIGHT, steps - index)) {
          const isRedone = [...unfinished].some((row) => growsLong(lengths[row], index + pending.length, longTexts));
          // The prefill reads whole texts, so the pending tokens must arrive first.
          if (isRedone && pending.length > 0) break;
          if (isRedone) {
            programs = await this.#load(parts, texts);
            this.#prefill(programs, overlay, texts);
          } else this.#runner.run(programs.decode.loaded);
          submit();
        }
        const history = new Uint32Array(await (pending.shift() as Promise<ArrayBuffer>));
        for (const row of unfinished) {
          signal.throwIfAborted();
          const id = history[row * S + index] ?? 0;
          texts[row]?.push(id);
          const isStop = (endsWith?.(row, id) ?? false) || stop.has(id);
          const isFull = index + 1 === counts[row];
          if (isStop || isFull) unfinished.delete(row);
          yield { row, id, end: isStop ? 'stop' : isFull ? 'length' : undefined };
        }
      }
    } finally {
      // After this, callers may free the values and buffers that the reads use.
      await Promise.allSettled(pending);
    }
  }

  /**
   * Returns the programs for these texts. Requests run one at a time and the cache holds several programs, so these two stay loaded during
   * the request.
   */
  async #load(parts: GenerationParts, texts: GenerateRequest['prompts']): Promise<Programs> {
    const T = bucketLength(Math.max(...texts.map(({ length }) => length)), parts.caches.S);
    const { key: overlay } = parts.overlay;
    const prefill = await this.#programs.use(
      { name: 'prefill', overlay, shape: [T] },
      () => prefillProgram(parts, T),
      (cached) => cached,
    );
    const decode = await this.#programs.use(
      { name: 'decode', overlay },
      () => decodeProgram(parts),
      (cached) => cached,
    );
    return { prefill, decode };
  }

  #checkLengths(lengths: readonly number[], { max_new_tokens, needs_room }: ResolvedGenerationConfig): void {
    const { maxLength } = textSizes(this.#loaded.model);
    const max_tokens = maxLength - (needs_room ? Math.min(max_new_tokens, Math.ceil(maxLength / 4)) : 1);
    const row = lengths.findIndex((length) => length === 0 || length > max_tokens);
    if (row < 0) return;
    const tokens = lengths[row];
    const where = lengths.length === 1 ? '' : ` in row ${row}`;
    throw new WebVeraError(
      'invalid_argument',
      `generate: expected a prompt of 1 to ${max_tokens} tokens, got ${tokens}${where}`,
      {
        hint: tokens ? 'Shorten the prompt, or the messages with which it begins.' : 'Begin with a start token.',
        detail: { tokens, max_tokens },
      },
    );
  }

  #writeAdapters({ rows }: Overlay, ...programs: readonly DecodeProgram[]): void {
    for (const { adapters } of programs) {
      if (rows !== undefined) adapters?.write(this.#runner, rows.which);
    }
  }

  /** Runs the prefill program on whole texts. */
  #prefill({ prefill, decode }: Programs, overlay: Overlay, prompts: GenerateRequest['prompts']): void {
    const { built, loaded } = prefill;
    const { T } = built;
    this.#writeAdapters(overlay, built, decode.built);
    const N = prompts.length * T;
    const ids = new Uint32Array(N);
    const mask = new Uint32Array(N);
    prompts.forEach((prompt, row) => {
      ids.set(prompt, row * T);
      mask.fill(1, row * T, row * T + prompt.length);
    });
    this.#runner.write(built.ids, ids);
    const positions = Uint32Array.from({ length: N }, (_, n) => n % T);
    this.#runner.write(built.positions, positions);
    if (built.positionIds !== built.positions) {
      const { longTexts } = textSizes(this.#loaded.model);
      const moved = positions.map((position, n) => position + offsetOf(prompts[Math.floor(n / T)], longTexts));
      this.#runner.write(built.positionIds, moved);
    }
    this.#runner.write(built.spans, attentionSpans(mask, T));
    this.#runner.write(
      built.last,
      Uint32Array.from(prompts, ({ length }, row) => row * T + length - 1),
    );
    this.#runner.write(
      built.lastPositions,
      Uint32Array.from(prompts, ({ length }) => length - 1),
    );
    this.#runner.run(loaded);
  }

  /** Returns memory for B rows of S tokens. Frees memory of another size first. */
  async #allocate(B: number, S: number): Promise<GenerationMemory> {
    if (this.#memory?.B === B && this.#memory.caches.S === S) return this.#memory;
    await this.#freeMemory();
    const room = {
      B,
      caches: createLayerCaches(outlineOf(this.#loaded).caches, B, S),
      state: createGenerationState(B, S, textSizes(this.#loaded.model).vocabSize),
    };
    await this.#runner.allocate([...cacheValues(room.caches), ...Object.values(room.state)]);
    this.#memory = room;
    return room;
  }

  async #freeMemory(): Promise<void> {
    await this.#programs.dropAll();
    if (this.#memory === undefined) return;
    const { caches, state } = this.#memory;
    this.#memory = undefined;
    this.#runner.free([...cacheValues(caches), ...Object.values(state)]);
  }
}

/** Whether the text becomes long (see `LongTexts`) in the pass for new token `index`. All its tokens then get other position ids. */
function growsLong(length = 0, index: number, longTexts: LongTexts | undefined): boolean {
  return index > 0 && length + index - 1 === longTexts?.after;
}

/** Returns the position offset of a text, which depends only on the text's length. */
function offsetOf(text: readonly number[] = [], longTexts: LongTexts | undefined): number {
  return longTexts !== undefined && text.length > longTexts.after ? longTexts.offset : 0;
}
