import { keyHolds, type Overlay } from '../adapters/overlay';
import { bucketLength } from '../core/bucket';
import { WebVeraError } from '../core/error';
import type { ResolvedGenerationConfig } from '../core/generation';
import { type Cached, ProgramCache } from '../graph/program_cache';
import type { Runner } from '../graph/runner';
import type { LoadedModel } from '../models/loaded_model';
import { decodeProgram, type PrefillProgram, prefillProgram } from './generation_program';
import { createGenerationState, type GenerationState, packGenerationBlock } from './generation_state';
import { createKvCache, type KvCache } from './kv_cache';

export interface GenerateRequest {
  /** At least one token. */
  readonly prompt: readonly number[];
  readonly config: ResolvedGenerationConfig;
  readonly overlay: Overlay;
  readonly signal: AbortSignal;
}

/** Memory of one length, and what lies in it. */
interface Room {
  readonly cache: KvCache;
  readonly state: GenerationState;
}

/** Tokens whose outcome is still on its way while the next is computed. */
const IN_FLIGHT = 2;

/** Generates on one model, one text at a time. */
export class Generator {
  readonly #runner: Runner;
  readonly #loaded: LoadedModel;
  readonly #programs: ProgramCache;
  #room: Room | undefined;
  #turn: Promise<void> = Promise.resolve();

  constructor(runner: Runner, loaded: LoadedModel) {
    this.#runner = runner;
    this.#loaded = loaded;
    this.#programs = new ProgramCache(runner);
  }

  /** New tokens as they come; a token that ends the text is given too. Throws what `signal` is aborted with. */
  async *generate(request: GenerateRequest): AsyncGenerator<number> {
    const before = this.#turn;
    let done = (): void => {};
    this.#turn = new Promise((resolve) => {
      done = resolve;
    });
    try {
      await before;
      request.signal.throwIfAborted();
      yield* this.#generate(request);
    } finally {
      done();
    }
  }

  /** Forgets the programs that use what the key stands for. */
  async dropPrograms(key: string): Promise<void> {
    await this.#programs.dropAll((name) => keyHolds(name.split(' ')[1] ?? '', key));
  }

  async dispose(): Promise<void> {
    await this.#turn;
    await this.#leaveRoom();
  }

  async *#generate({ prompt, config, overlay, signal }: GenerateRequest): AsyncGenerator<number> {
    const { maxLength, eosTokenIds } = this.#loaded.model;
    const free = maxLength - prompt.length;
    if (prompt.length === 0 || free <= 0) {
      throw new WebVeraError(
        'invalid_argument',
        `generate: expected a prompt of 1 to ${maxLength - 1} tokens, got ${prompt.length}`,
        { hint: 'Shorten the prompt, or begin an empty one with a start token.' },
      );
    }
    const count = Math.min(config.max_new_tokens, free);
    const { cache, state } = await this.#enterRoom(bucketLength(prompt.length + count, maxLength));
    const T = bucketLength(prompt.length, cache.S);
    // One text at a time, and several programs are kept: these two stay while it lasts.
    const prefill = await this.#programs.use(
      `prefill ${overlay.key} ${T}`,
      () => prefillProgram(this.#loaded, overlay, cache, state, T),
      (cached) => cached,
    );
    const decode = await this.#programs.use(
      `decode ${overlay.key}`,
      () => decodeProgram(this.#loaded, overlay, cache, state),
      (cached) => cached,
    );
    signal.throwIfAborted();

    const stop = new Set(config.eos_token_id === undefined ? eosTokenIds : (config.eos_token_id ?? []));
    const pending: Promise<ArrayBuffer>[] = [];
    const submit = (): void => {
      const read = this.#runner.read(state.history);
      // When an earlier one fails, nobody waits for this one.
      read.catch(() => {});
      pending.push(read);
    };
    this.#prefill(prefill, state, prompt, config);
    submit();
    try {
      for (let index = 0; index < count; index++) {
        while (pending.length < Math.min(1 + IN_FLIGHT, count - index)) {
          this.#runner.run(decode.loaded);
          submit();
        }
        const history = new Uint32Array(await (pending.shift() as Promise<ArrayBuffer>));
        signal.throwIfAborted();
        const token = history[index] ?? 0;
        yield token;
        if (stop.has(token)) return;
      }
    } finally {
      // Whoever waits for the end may free what they read from, and what they read through.
      await Promise.allSettled(pending);
    }
  }

  #prefill(
    { built, loaded }: Cached<PrefillProgram>,
    state: GenerationState,
    prompt: readonly number[],
    config: ResolvedGenerationConfig,
  ): void {
    const T = built.ids.shape[0] ?? 0;
    const padded = new Uint32Array(T);
    padded.set(prompt);
    this.#runner.write(built.ids, padded);
    this.#runner.write(
      built.positions,
      Uint32Array.from({ length: T }, (_, position) => position),
    );
    this.#runner.write(built.mask, new Uint32Array(T).fill(1, 0, prompt.length));
    this.#runner.write(built.last, Uint32Array.of(prompt.length - 1));
    this.#runner.write(state.block, packGenerationBlock(config, prompt.length));
    this.#runner.run(loaded);
  }

  /** Memory for S tokens; what was there for another length goes first. */
  async #enterRoom(S: number): Promise<Room> {
    if (this.#room?.cache.S === S) return this.#room;
    await this.#leaveRoom();
    const room = { cache: createKvCache(this.#loaded.model, S), state: createGenerationState(S) };
    await this.#runner.allocate([...room.cache.k, ...room.cache.v, ...Object.values(room.state)]);
    this.#room = room;
    return room;
  }

  async #leaveRoom(): Promise<void> {
    await this.#programs.dropAll();
    if (this.#room === undefined) return;
    const { cache, state } = this.#room;
    this.#room = undefined;
    this.#runner.free([...cache.k, ...cache.v, ...Object.values(state)]);
  }
}
