import { expect, test } from 'vitest';
import { adapters, Profile, Trainer } from '../../../src/index';
import { checkOptions } from '../../../src/page/session/options';
import { abortSignal, anyObject } from '../../../src/page/session/rules';
import { rows, wrapped } from '../training/scripted_training';

type Scene = Awaited<ReturnType<typeof wrapped>>;

const stop = new AbortController().signal as never;
const named = (name: string): string => `Write { ${name} }.`;

test.each<[string, (scene: Scene) => unknown, string]>([
  ['generate', ({ model }) => model.generate('a', stop), 'signal'],
  ['train', ({ model }) => new Trainer({ model, train_dataset: rows }).train(stop), 'signal'],
  ['merge_and_unload', ({ model }) => model.merge_and_unload(stop), 'signal'],
  ['adapters.wipe', ({ session }) => adapters.wipe(session as never), 'session'],
  ['Profile.list', ({ session }) => Profile.list(session as never), 'session'],
])('%s refuses a signal or a session in place of its options, which would be ignored', async (_, call, name) => {
  const scene = await wrapped();
  const refused = { code: 'invalid_argument', hint: named(name) };
  await expect((async () => call(scene))()).rejects.toMatchObject(refused);
  await scene.session.close();
});

test.each<[string, object]>([
  ['{}', {}],
  ['an object without a prototype', Object.create(null)],
  [
    'a class with fields',
    new (class {
      readonly signal = stop;
    })(),
  ],
])('%s is taken for options', (_, options) => {
  expect(() => checkOptions('run', options, { signal: abortSignal })).not.toThrow();
});

test('an option that takes any object is not suggested', () => {
  const rules = { detail: anyObject, signal: abortSignal };
  expect(() => checkOptions('run', stop as object, rules as never)).toThrow(
    expect.objectContaining({ hint: named('signal') }),
  );
});
