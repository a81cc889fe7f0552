import type {
  Example,
  GeneratedToken,
  GenerationConfig,
  LearnOptions,
  PreTrainedModel,
  Profile,
  ProfileInfo,
  ProfileOptions,
  ProgressInfo,
  TrainEvent,
} from '../../src/index';
import { type Session, type TrainOutput, type TrainRun, WebVeraError } from '../../src/index';
import { forgotten } from '../../src/page/profile/storage/profile_storage';
import { Followed, Replay } from '../../src/page/training/replay';
import { beginningOf } from '../../src/page/training/run_report';
import { withResolvers } from '../helpers/with_resolvers';

/** A run that the test controls. */
export class FakeRun extends Followed<TrainEvent, TrainOutput> implements TrainRun {
  readonly state = beginningOf(4);
  readonly calls: string[] = [];
  protected readonly items = new Replay<TrainEvent>();
  readonly #output = withResolvers<TrainOutput>();
  protected readonly result = this.#output.promise;

  constructor() {
    super();
    this.result.catch(() => {});
  }

  async pause(): Promise<void> {
    this.calls.push('pause');
    this.push({ type: 'paused', state: this.state, reason: 'user' });
  }

  async resume(): Promise<void> {
    this.calls.push('resume');
    this.push({ type: 'resumed', state: this.state, reason: 'user' });
  }

  async stop(): Promise<TrainOutput> {
    this.calls.push('stop');
    this.finish(2);
    return this.#output.promise;
  }

  push(event: TrainEvent): void {
    this.items.push(event);
  }

  log(step: number): void {
    const logs = { step, loss: 3, grad_norm: 1, learning_rate: 1, tokens_per_second: 1, seconds_left: 1 };
    this.push({ type: 'log', state: this.state, logs });
  }

  finish(global_step = 4): void {
    this.#output.resolve({ global_step, training_loss: 3, metrics: {} });
    this.items.close();
  }

  fail(error: unknown): void {
    this.#output.reject(error);
    this.items.fail(error);
  }
}

/** A profile that exists only in memory. */
export class FakeProfile extends EventTarget {
  readonly runs: FakeRun[] = [];
  readonly asked: LearnOptions[] = [];
  readonly written: string[] = [];
  examples: Example[] = [];
  learning: FakeRun | undefined;
  disposed = 0;
  readonly id: string;

  constructor(id: string) {
    super();
    this.id = id;
  }

  get info(): ProfileInfo {
    const { length } = this.examples;
    const times = {
      ratings: 0,
      preferences: 0,
      created_at: 0,
      used_at: 0,
      base_model: null,
      history: [],
      can_roll_back: false,
    };
    return { id: this.id, examples: length, seen: length, bytes: 100 * length, ...times };
  }

  /** The files from which examples were added. */
  readonly files: Blob[] = [];

  async add(examples: readonly Example[] | Blob): Promise<number> {
    if (examples instanceof Blob) this.files.push(examples);
    else this.examples.push(...examples);
    return this.examples.length;
  }

  readonly rated: [rated: unknown, rating: number][] = [];
  readonly corrected: [generation: unknown, text: string][] = [];

  async rate(rated: unknown, rating: number): Promise<number> {
    if (rated === '') throw new WebVeraError('invalid_argument', 'rate: expected a text that is not empty');
    return this.rated.push([rated, rating]);
  }

  async correct(generation: unknown, text: string): Promise<number> {
    this.examples.push({ text });
    this.corrected.push([generation, text]);
    return this.examples.length;
  }

  learn(options: LearnOptions): FakeRun {
    if (this.learning !== undefined) throw new WebVeraError('invalid_argument', 'is learning already');
    this.asked.push(options);
    return this.begin();
  }

  /** Starts a run as an earlier visit or another element would. */
  begin(): FakeRun {
    const run = new FakeRun();
    this.runs.push(run);
    this.learning = run;
    const end = (): void => {
      this.learning = undefined;
      this.dispatchEvent(new Event('change'));
    };
    run.then(end, end);
    this.dispatchEvent(new Event('change'));
    return run;
  }

  /** Whether a generation ends only when its signal aborts. */
  isEndless = false;
  /** The tokens of the last generation. */
  tokens = new Replay<GeneratedToken>();

  generate(prompt: string, { signal }: GenerationConfig = {}) {
    this.written.push(prompt);
    const tokens = new Replay<GeneratedToken>();
    this.tokens = tokens;
    const { promise, resolve, reject } = withResolvers<string>();
    tokens.push({ token_id: 1, text: 'a ' });
    tokens.push({ token_id: 2, text: 'whale' });
    signal?.addEventListener('abort', () => {
      tokens.fail(signal.reason);
      reject(signal.reason);
    });
    if (!this.isEndless) {
      tokens.close();
      resolve('a whale');
    }
    return Object.assign(promise, { [Symbol.asyncIterator]: () => tokens[Symbol.asyncIterator]() });
  }

  async predict(): Promise<never> {
    throw new WebVeraError('unsupported_model', 'predict: expected a classification base');
  }

  async export(): Promise<ReadonlyMap<string, Blob>> {
    return new Map([['profile.json', new Blob([JSON.stringify(this.examples)])]]);
  }

  reading: () => unknown = () => {};

  openedWith: ProfileOptions = {};
  /** The options of the last call of `replace`. */
  replacedWith: ProfileOptions = {};

  async replace(files: ReadonlyMap<string, Blob>, options: ProfileOptions = {}): Promise<void> {
    const { signal } = options;
    this.replacedWith = options;
    const json = files.get('profile.json');
    if (json === undefined) throw new WebVeraError('invalid_format', 'expected profile.json');
    const examples = JSON.parse(await json.text());
    await this.reading();
    signal?.throwIfAborted();
    this.learning?.fail(new DOMException('replaced', 'AbortError'));
    await new Promise((resolve) => setTimeout(resolve)); // the run has ended before the profile is replaced
    this.examples = examples;
    this.dispatchEvent(new Event('change'));
  }

  /** `forget` waits for the promise that this returns. */
  forgetting: () => unknown = () => {};

  async forget(): Promise<{ bytes: number }> {
    const { bytes } = this.info;
    await this.forgetting();
    this.vanish();
    return { bytes };
  }

  vanish(): void {
    this.examples = [];
    this.learning?.fail(forgotten(this.id));
    this.dispatchEvent(new Event('forgotten'));
  }

  async dispose(): Promise<void> {
    this.disposed += 1;
  }
}

/** The profiles that a page opens and deletes. */
export class FakeProfiles {
  readonly made: FakeProfile[] = [];
  readonly forgotten: string[] = [];
  /** `forget` waits for the promise that this returns. */
  deleting: () => unknown = () => {};
  /** `open` waits for the promise that this returns, and fails if it rejects. */
  before: () => unknown = () => {};
  /** Changes a profile before it is returned by `open`. */
  prepare: (profile: FakeProfile) => void = () => {};

  readonly open = (async (_base: PreTrainedModel, id: string, options: ProfileOptions = {}) => {
    await this.before();
    const profile = new FakeProfile(id);
    profile.openedWith = options;
    this.prepare(profile);
    this.made.push(profile);
    return profile as unknown as Profile;
  }) as (typeof Profile)['open'];

  readonly forget = (async (id: string) => {
    await this.deleting();
    this.forgotten.push(id);
    return { bytes: 7 };
  }) as (typeof Profile)['forget'];

  get last(): FakeProfile {
    const last = this.made.at(-1);
    if (last === undefined) throw new Error('no profile was opened');
    return last;
  }
}

/** Makes a model whose tokenizer counts each character as a token. */
export function fakeModel(): PreTrainedModel & { disposed: number } {
  const model = {
    config: { model_type: 'llama', max_position_embeddings: 64 },
    tokenizer: { encode: async (text: string) => [...text].map((_, index) => index) },
    disposed: 0,
    dispose: async () => {
      model.disposed += 1;
    },
  };
  return model as unknown as PreTrainedModel & { disposed: number };
}

export function fakeSession(): Session & { end(): void } {
  const session = Object.assign(new EventTarget(), {
    state: 'ready',
    end() {
      session.state = 'closed';
      session.dispatchEvent(new Event('statechange'));
    },
  });
  return session as unknown as Session & { end(): void };
}

export const someProgress: ProgressInfo = { status: 'progress_total', name: 'm', progress: 50, loaded: 1, total: 2 };
