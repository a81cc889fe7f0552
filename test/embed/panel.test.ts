import { beforeAll, beforeEach, expect, test, vi } from 'vitest';
import type { ElementTask } from '../../src/embed/settings';
import { WebVeraError } from '../../src/index';
import { pretrainedRules } from '../../src/page/models/source_options';
import { expectBase, expectConfig, profileConfig, sideBySide } from '../../src/page/profile/fits';
import { readState } from '../../src/page/profile/storage/record';
import { checkOptions } from '../../src/page/session/options';
import { eventually } from '../helpers/eventually';
import { withResolvers } from '../helpers/with_resolvers';
import { stubDom } from './fake_dom';
import type { FakeProfile } from './fakes';
import { newWorld, settled, type World } from './learner_world';
import { openPanel } from './view/opened_panel';

let world: World;
beforeAll(stubDom);
beforeEach(() => {
  world = newWorld();
});

const opened = (task?: ElementTask) => openPanel(world, task);

/** Makes a profile's `generate` produce one token, and a second one after `more` is resolved. */
function inTwoParts(more: Promise<void>): (profile: FakeProfile) => void {
  return (profile) => {
    const tokens = async function* () {
      yield { token_id: 1, text: ' a' };
      await more;
      yield { token_id: 2, text: ' whale' };
    };
    const generate = () => Object.assign(Promise.resolve(' a whale'), { [Symbol.asyncIterator]: tokens });
    Object.assign(profile, { generate });
  };
}

/** The ways in which a panel can lose its profile. */
const WAYS = {
  'is forgotten': (learner) => learner.forget(),
  'is forgotten, and a lesson follows at once': async (learner) => {
    await learner.forget();
    await learner.rate('Another text.', 1);
  },
  'is forgotten in another tab': async () => world.profiles.last.vanish(),
  'is replaced by an import': (learner) => learner.import(new Map([['profile.json', new Blob(['[]'])]])),
  'is replaced by another profile': (learner) => {
    world.attributes.profile = 'ben';
    return learner.load();
  },
  'is replaced by another model’s': (learner) => {
    world.attributes.model = 'org/other';
    return learner.load();
  },
} satisfies Record<string, (learner: ReturnType<World['learner']>) => Promise<unknown>>;
const ways = Object.entries(WAYS);

test.each(ways)('a text that was being written when its profile %s goes with it', async (_, go) => {
  const more = withResolvers();
  world.profiles.prepare = inTwoParts(more.promise);
  const { learner, output, named, press } = await opened();
  press('Write');
  await eventually(() => expect(output.textContent).toBe('It was a'));
  expect(output.getAttribute('aria-busy')).toBe('true');
  await go(learner);
  await settled(); // a frame is drawn
  more.resolve();
  await settled();
  await settled();
  const isBusy = output.getAttribute('aria-busy') === 'true';
  expect([output.textContent, output.isVisible, isBusy]).toEqual(['', false, false]);
  expect(['Stop', 'More like this', 'Edit…'].map((name) => named(name).isVisible)).toEqual([false, false, false]);
  expect(named('Write').isVisible).toBe(true);
});

test.each(ways)('a text, its thumbs and the announcement go when the profile %s', async (_, go) => {
  const { learner, root, output, named, press } = await opened();
  press('Write');
  await eventually(() => expect(named('More like this').isVisible).toBe(true));
  press('More like this');
  await eventually(() => expect(named('Learn from my choices').isVisible).toBe(true));
  expect(root.textContent).toContain('It wasa whale');
  await go(learner);
  await settled();
  await settled();
  const names = ['More like this', 'Learn from my choices'];
  expect([output.textContent, ...names.map((name) => named(name).isVisible)]).toEqual(['', false, false]);
  expect(root.textContent).not.toMatch(/whale|Noted/);
});

test('a text stays when the same profile is loaded again after a failure, and with it its thumbs', async () => {
  const { learner, output, named, press } = await opened();
  press('Write');
  await eventually(() => expect(named('More like this').isVisible).toBe(true));
  world.sessions[0]?.end();
  await settled();
  expect(named('More like this').isVisible).toBe(false);
  await learner.load();
  await settled();
  expect([output.textContent, named('More like this').isVisible]).toEqual(['It wasa whale', true]);
});

test.each(ways)('labels and a prediction go when the profile %s', async (_, go) => {
  const late = withResolvers();
  let isLate = false;
  world.profiles.prepare = (profile) => {
    const predict = async () => {
      if (isLate) await late.promise;
      return [{ label: 'ham', score: 0.9 }];
    };
    Object.assign(profile, { predict });
  };
  const { learner, root, output, enter, press } = await opened('text-classification');
  enter('label', 'ham');
  enter('lesson', 'see you at noon');
  press('Add');
  await eventually(() => expect(root.textContent).toContain('Added: 1 ham'));
  press('Tell');
  await eventually(() => expect(output.textContent).toBe('ham90 %'));
  isLate = true;
  press('Tell');
  await settled();
  await go(learner);
  await settled();
  expect([output.textContent, /Added/.test(root.textContent)]).toEqual(['', false]);
  late.resolve();
  await settled();
  expect(output.textContent).toBe('');
});

test.each(ways)('pictures go when the profile %s, and those that were being read', async (_, go) => {
  const late = withResolvers();
  let isLate = false;
  vi.stubGlobal('createImageBitmap', async () => {
    if (isLate) await late.promise;
    return { width: 1, height: 1, close() {} };
  });
  const { learner, root, enter } = await opened('image-classification');
  const shown = () => root.all.filter(({ localName }) => localName === 'li').length;
  enter('label', 'cat');
  const paste = () => {
    const files = [new File(['pixels'], 'a.png'), new File(['other'], 'b.png')];
    const teach = root.all.find(({ className }) => className === 'teach stack');
    teach?.dispatchEvent(Object.assign(new Event('paste'), { clipboardData: { files } }));
  };
  paste();
  await eventually(() => expect(shown()).toBe(2));
  expect(root.textContent).toContain('Added: 2 cat');
  isLate = true;
  paste();
  await settled();
  const { last } = world.profiles;
  await go(learner);
  await settled();
  expect([shown(), /Added/.test(root.textContent)]).toEqual([0, false]);
  late.resolve();
  await settled();
  await settled();
  const others = world.profiles.made.filter((profile) => profile !== last);
  expect([shown(), others.flatMap(({ examples }) => examples)]).toEqual([0, []]);
});

test.each([
  ['whole', 'stop', false],
  ['truncated', 'length', true],
  ['truncated', undefined, true], // it was stopped
] as const)('a text is rated as %s if it ends by %s', async (_, end, truncated) => {
  world.profiles.prepare = (profile) => {
    const tokens = async function* () {
      yield { token_id: 1, text: ' a whale', end };
    };
    Object.assign(profile, { generate: () => ({ [Symbol.asyncIterator]: tokens }) });
  };
  const { named, press } = await opened();
  press('Write');
  await eventually(() => expect(named('More like this').isVisible).toBe(true));
  press('More like this');
  const rated = { prompt: 'It was', completion: ' a whale', truncated };
  await eventually(() => expect(world.profiles.last.rated).toEqual([[rated, 1]]));
});

test.each([
  ['neither', [false, false], []],
  ['the first', [true, false], ['More like this']],
  ['the second', [false, true], ['Less like this']],
] as const)(
  'of two thumbs pressed at once, of which %s is stored, the panel shows that',
  async (_, stored, pressed) => {
    const { named, press, root } = await opened();
    press('Write');
    await eventually(() => expect(named('More like this').isVisible).toBe(true));
    const answers = [...stored];
    const rate = vi.spyOn(world.profiles.last, 'rate').mockImplementation(async () => {
      if (answers.shift() === true) return 1;
      throw new WebVeraError('storage_full', 'The storage is full');
    });
    press('More like this');
    press('Less like this');
    await eventually(() => expect(rate).toHaveBeenCalledTimes(2));
    await settled();
    const shown = root.all.filter((each) => each.getAttribute('aria-pressed') === 'true');
    expect(shown.map(({ textContent }) => textContent)).toEqual(pressed);
  },
);

test('an opinion that is given during learning waits for the next run', async () => {
  const { named, press } = await opened();
  const opine = async (write: string): Promise<void> => {
    press(write);
    await eventually(() => expect(named('More like this').isVisible).toBe(true));
    press('More like this');
    await eventually(() => expect(named('More like this').getAttribute('aria-pressed')).toBe('true'));
    await settled();
  };
  await opine('Write');
  const learn = named('Learn from my choices');
  const { last } = world.profiles;
  press('Learn from my choices');
  await eventually(() => expect(last.runs).toHaveLength(1));
  await opine('Write again');
  last.runs[0]?.finish();
  await settled();
  await settled();
  expect([last.rated.length, learn.isVisible, learn.disabled]).toEqual([2, true, false]);
  press('Learn from my choices');
  await eventually(() => expect(last.runs).toHaveLength(2));
  last.runs[1]?.finish();
  await settled();
  await settled();
  expect(learn.isVisible).toBe(false);
});

const base = { base: 'abc', base_model: null, labels: ['ham', 'spam'], problem_type: null };
test.each<[string, boolean, () => unknown]>([
  ['that is unreadable', true, () => readState('ada', {})],
  ['of other weights', true, () => expectBase(base, { ...base, base: 'def' })],
  ['of other labels', true, () => expectBase(base, { ...base, labels: ['a', 'b'] })],
  ['of another problem', true, () => expectBase(base, { ...base, problem_type: 'regression' })],
  ['of another configuration', true, () => expectConfig({ r: 4 }, { r: 8 })],
  [
    'with advice alone',
    false,
    () => Promise.reject(new WebVeraError('invalid_argument', 'oh', { hint: 'Did you forget it?' })),
  ],
  ['with a field that no configuration has', false, () => profileConfig({ rank: 8 } as object)],
  ['with a bias that it can’t train', false, () => sideBySide(profileConfig({ bias: 'all' }))],
  ['over a model of a wrong dtype', false, () => checkOptions('options', { dtype: 'f8' }, pretrainedRules as never)],
])('forgetting is offered for a profile %s: %s', async (_, isOffered, open) => {
  world.profiles.before = open;
  const { learner, named } = await openPanel(world, 'text-classification', { loads: false });
  await expect(learner.load()).rejects.toMatchObject({ code: /^(?:invalid_argument|storage_corrupt)$/ });
  await settled();
  expect(named('Forget everything…').hidden).toBe(!isOffered);
});
