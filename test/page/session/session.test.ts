import { afterEach, describe, expect, test, vi } from 'vitest';
import { WebVeraError } from '../../../src/core/errors/error';
import type { KernelChoice } from '../../../src/core/kernels/kernel_choice';
import { defaultLimits, type ParserLimits } from '../../../src/core/types/source';
import { AutoModelForCausalLM, AutoTokenizer } from '../../../src/page/models/auto_classes';
import { Session, type SessionOptions } from '../../../src/page/session/session';
import { ModelSources } from '../../../src/worker/models/loading/model_sources';
import type { OpenOptions, TokenizerInfo } from '../../../src/worker/protocol';
import { eventually } from '../../helpers/eventually';
import { fakeWorker, silentWorker } from '../../worker/fake_worker';
import { modelInfo, openSession } from './open_session';

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

const forever = (): Promise<never> => new Promise(() => {});

test('close and dispose are the same', async () => {
  for (const end of ['dispose', 'close'] as const) {
    const { session } = await openSession();
    await session[end]();
    expect(session.state).toBe('closed');
  }
});

test("a tokenizer that was loaded alone is freed once, a model's tokenizer with its model", async () => {
  const { session, fake } = await openSession(() => ({
    loadTokenizer: async () => ({ ...(modelInfo.tokenizer as TokenizerInfo) }),
    loadModel: async () => modelInfo,
    disposeTokenizer: async () => {},
  }));
  const tokenizer = await AutoTokenizer.from_pretrained('org/name', { session });
  const model = await AutoModelForCausalLM.from_pretrained('org/name', { session });
  await model.tokenizer?.dispose();
  await tokenizer.dispose();
  await tokenizer.dispose();
  expect(fake.argsOf('disposeTokenizer')).toEqual([[2]]);
  await expect(tokenizer.encode('a')).rejects.toMatchObject({ message: /expected a live tokenizer/ });
  await session.dispose();
});

describe('a session', () => {
  test('opens with the options that the worker needs', async () => {
    const started = fakeWorker();
    const session = await Session.open({
      worker: () => started.worker,
      remoteHost: 'https://hub.example/',
      limits: { json: 1000 },
    });
    expect(started.fake.argsOf('open')).toEqual([
      [{ store: 'auto', remoteHost: 'https://hub.example/', limits: { json: 1000 } }],
    ]);
    await session.close();
  });

  test('keeps default limits for those that are undefined', async () => {
    const started = fakeWorker();
    const limits = { json: undefined, adapter: 5 } as unknown as ParserLimits;
    const session = await Session.open({ worker: () => started.worker, limits });
    const [[options] = []] = started.fake.argsOf('open');
    expect(new ModelSources({ emit() {} }, options as OpenOptions).limits).toEqual({ ...defaultLimits, adapter: 5 });
    await session.close();
  });

  test('sends the choice of kernels to the worker, and refuses an invalid one', async () => {
    const adapter = { vendor: 'mesa', architecture: '', description: '', features: [], limits: { maxBufferSize: 1 } };
    const choice = { version: 'v', adapter, variants: { linear: 'wide' } };
    for (const kernels of ['default', 'tuned', choice] as const) {
      const started = fakeWorker();
      const session = await Session.open({ worker: () => started.worker, kernels });
      expect(started.fake.argsOf('open')).toEqual([[{ store: 'auto', kernels }]]);
      await session.close();
    }
    const bad: unknown[] = [
      'fast',
      1,
      null,
      {},
      [],
      { ...choice, variants: { linear: 1 } },
      { ...choice, adapter: {} },
    ];
    for (const kernels of bad) {
      const opening = Session.open({ worker: () => fakeWorker().worker, kernels } as SessionOptions);
      await expect(opening).rejects.toMatchObject({
        code: 'invalid_argument',
        message: expect.stringContaining('kernels'),
        hint: expect.stringMatching(/'default'.*'tuned'/),
      });
    }
  });

  test('asks the worker for the kernels in use', async () => {
    const choice = { version: 'v', adapter: {}, variants: {} } as KernelChoice;
    const { session } = await openSession(() => ({ kernels: async () => choice }));
    expect(await session.kernels()).toEqual(choice);
    await session.close();
  });

  test('reports its state, and each change of it', async () => {
    const { session, fake } = await openSession();
    const states: string[] = [];
    session.addEventListener('statechange', () => states.push(session.state));
    expect(session.state).toBe('ready');
    for (const state of ['busy', 'busy', 'ready'] as const) fake.emit({ type: 'state', state });
    await eventually(() => expect(states).toEqual(['busy', 'ready']));
    await session.close();
    expect(states).toEqual(['busy', 'ready', 'closed']);
  });

  test('reports warnings to listeners, or else to the console', async () => {
    const { session, fake } = await openSession();
    const toConsole = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const warn = (message: string): void => fake.emit({ type: 'warning', code: 'odd', message });
    const heard: string[] = [];
    const controller = new AbortController();
    const stages: [string, () => void][] = [
      ['to the console', () => {}],
      ['to a listener', () => session.addEventListener('warning', listener)],
      ['to the console again', () => session.removeEventListener('warning', listener)],
      ['once', () => session.addEventListener('warning', listener, { once: true })],
      ['after once', () => {}],
      ['with a signal', () => session.addEventListener('warning', listener, { signal: controller.signal })],
      ['after the signal', () => controller.abort()],
    ];
    const listener = ({ code, message }: { code: string; message: string }): void => {
      heard.push(`${code}: ${message}`);
    };
    for (const [stage, change] of stages) {
      change();
      const before = heard.length + toConsole.mock.calls.length;
      warn(stage);
      await eventually(() => expect(heard.length + toConsole.mock.calls.length).toBe(before + 1));
    }
    expect(heard).toEqual(['odd: to a listener', 'odd: once', 'odd: with a signal']);
    expect(toConsole.mock.calls.flat()).toEqual([
      'webvera: to the console (odd)',
      'webvera: to the console again (odd)',
      'webvera: after once (odd)',
      'webvera: after the signal (odd)',
    ]);
    await session.close();
  });

  test.each(['projection_not_saved', 'projection_drawn', 'fan_in_fan_out'])(
    'reports %s, which is no problem, only to listeners',
    async (code) => {
      const { session, fake } = await openSession();
      const toConsole = vi.spyOn(console, 'warn').mockImplementation(() => {});
      fake.emit({ type: 'warning', code, message: 'as it should be' });
      fake.emit({ type: 'warning', code: 'odd', message: 'not as it should be' });
      await eventually(() => expect(toConsole.mock.calls).toEqual([['webvera: not as it should be (odd)']]));
      const heard = new Promise((resolve) => session.addEventListener('warning', resolve));
      fake.emit({ type: 'warning', code, message: 'as it should be' });
      expect(await heard).toMatchObject({ code, message: 'as it should be' });
      await session.close();
    },
  );

  test.each<[string, SessionOptions, RegExp]>([
    ['unknown options', { wroker: false } as SessionOptions, /unknown or not yet supported argument 'wroker'/],
    ['a worker that is none', { worker: true as unknown as false }, /worker: expected false, or a function, got true/],
    ['another store', { store: 'disk' as 'auto' }, /store: expected 'auto' or 'memory', got 'disk'/],
    [
      'a mistyped cap',
      { limits: { saftensorsHeader: 1 } as SessionOptions['limits'] & object },
      /^SessionOptions: limits: unknown or not yet supported argument 'saftensorsHeader'$/,
    ],
    [
      'a cap of NaN',
      { limits: { json: Number.NaN } },
      /^SessionOptions: limits: json: expected an integer from 1, got NaN/,
    ],
    [
      'a cap that is none',
      { limits: { tensors: Number.POSITIVE_INFINITY } },
      /tensors: expected an integer from 1, got Inf/,
    ],
    ['caps that are none', { limits: 5 as never }, /^SessionOptions: limits: expected an object, got 5$/],
    [
      'a fetch beside a worker',
      { worker: () => silentWorker().worker, fetch: globalThis.fetch },
      /worker: false beside/,
    ],
  ])('refuses %s', async (_case, options, message) => {
    await expect(Session.open(options)).rejects.toMatchObject({ code: 'invalid_argument', message });
  });

  test('says what to do when the browser refuses the worker', async () => {
    const worker = (): never => {
      throw new DOMException('cross-origin', 'SecurityError');
    };
    await expect(Session.open({ worker })).rejects.toMatchObject({
      code: 'worker_crashed',
      hint: /of your own origin/,
    });
  });

  test('reports why its worker could not start', async () => {
    const changed = new WebVeraError('integrity_mismatch', 'another file');
    const worker = (): never => {
      throw changed;
    };
    await expect(Session.open({ worker })).rejects.toBe(changed);
  });

  test('that fails to open ends its worker', async () => {
    const started = fakeWorker(() => ({ open: () => Promise.reject(new Error('no')) }));
    await expect(Session.open({ worker: () => started.worker })).rejects.toMatchObject({ code: 'internal' });
    expect(started.terminated).toBe(true);
  });

  test('stops opening when asked to', async () => {
    const started = fakeWorker(() => ({ open: forever }));
    const reason = new Error('changed my mind');
    const controller = new AbortController();
    const opening = Session.open({ worker: () => started.worker, signal: controller.signal });
    await eventually(() => expect(started.fake.argsOf('open')).toHaveLength(1));
    controller.abort(reason);
    await expect(opening).rejects.toBe(reason);
    expect(started.terminated).toBe(true);
  });
});
