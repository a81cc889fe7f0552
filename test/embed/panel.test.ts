import { beforeAll, beforeEach, expect, test, vi } from 'vitest';
import type { ElementTask } from '../../src/embed/settings';
import { Panel } from '../../src/embed/view/panel';
import { WarningEvent, WebVeraError } from '../../src/index';
import { eventually } from '../helpers/eventually';
import { withResolvers } from '../helpers/with_resolvers';
import { type FakeElement, stubDom } from './fake_dom';
import type { FakeProfile } from './fakes';
import { newWorld, settled, type World } from './learner_world';

let world: World;
beforeAll(stubDom);
beforeEach(() => {
  world = newWorld();
});

/** Loads a learner, and makes a panel that receives all its reports, as the element's panel does. */
async function opened(task: ElementTask = 'causal-lm', { loads = true } = {}) {
  world.attributes.task = task;
  const learner = world.learner((type, detail) => panel.hear(type, detail));
  const panel = new Panel(learner, { task, name: () => 'name', hasOpinions: () => true });
  const root = panel.root as unknown as FakeElement;
  const find = (matches: (element: FakeElement) => boolean): FakeElement => {
    const found = root.all.find(matches);
    if (found === undefined) throw new Error('the panel has no such element');
    return found;
  };
  const named = (text: string) => find((each) => each.localName === 'button' && each.textContent === text);
  const output = find((each) => each.getAttribute('part') === 'output');
  const enter = (id: string, value: string): void => {
    const field = find((each) => each.id === id);
    field.value = value;
    field.dispatchEvent(new Event('input'));
  };
  if (loads) await learner.load();
  await settled();
  if (task !== 'image-classification') enter('prompt', 'It was');
  return { learner, panel, root, output, named, enter, press: (text: string) => named(text).click() };
}

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

const region = (root: FakeElement, className: string): FakeElement | undefined =>
  root.all.find((each) => each.className.split(' ').includes(className));

test('a device that was refused at first is no longer refused once a model is loaded', async () => {
  const { learner, panel, root, named } = await opened('causal-lm', { loads: false });
  panel.refuse(new WebVeraError('unsupported_device', 'none was there', { hint: 'Get one.' }));
  expect([region(root, 'unsupported')?.isVisible, named('Load the model').isVisible]).toEqual([true, false]);
  world.before = () => Promise.reject(new WebVeraError('offline', 'no connection'));
  await expect(learner.load()).rejects.toMatchObject({ code: 'offline' });
  await settled();
  const message = root.all.find((each) => each.getAttribute('part') === 'message');
  expect([message?.isVisible, message?.textContent]).toEqual([true, 'no connection']);
  world.before = async () => {};
  await learner.load();
  await settled();
  expect(['unsupported', 'work'].map((name) => region(root, name)?.isVisible)).toEqual([false, true]);
  await learner.leave('gone');
  await settled();
  expect(named('Load the model').isVisible).toBe(true);
});

test('a blocked device is not refused, because it comes back', async () => {
  const { panel, root, named } = await opened('causal-lm', { loads: false });
  panel.refuse(new WebVeraError('gpu_blocked', 'for now'));
  panel.refuse(undefined);
  expect([region(root, 'unsupported')?.isVisible, named('Load the model').isVisible]).toEqual([false, true]);
});

/** Chooses the file of an exported profile in the region of the stored one. */
function chooseExport(root: FakeElement, examples: readonly object[]): void {
  const picker = region(root, 'kept')?.all.find(({ localName }) => localName === 'input');
  const file = new File([JSON.stringify(examples)], 'profile (1).json');
  Object.assign(picker ?? {}, { files: [file] });
  picker?.dispatchEvent(new Event('change'));
}

test('an import asks before it replaces anything, and replaces nothing before', async () => {
  const { root, named } = await opened();
  const imported = [{ text: 'Imported.' }];
  const click = (text: string): void => {
    const shown = root.all.filter((each) => each.localName === 'button' && each.textContent === text);
    shown.find(({ isVisible }) => isVisible)?.click();
  };
  chooseExport(root, imported);
  const { last } = world.profiles;
  await eventually(() => expect(last.examples).toEqual(imported)); // nothing was stored before
  await settled();
  await settled();
  chooseExport(root, []);
  await settled();
  expect([named('Replace').isVisible, named('Import…').isVisible]).toEqual([true, false]);
  click('Keep');
  expect([named('Replace').isVisible, named('Import…').isVisible]).toEqual([false, true]);
  expect([named('Import…').isFocused, last.examples]).toEqual([true, imported]);
  chooseExport(root, []);
  click('Replace');
  expect(named('Import…').isFocused).toBe(true);
  await eventually(() => expect(last.examples).toEqual([]));
  await settled();
  expect([named('Replace').isVisible, named('Import…').isVisible]).toEqual([false, true]);
});

test('what is stored only until the page closes is announced as such, once the session warns of it', async () => {
  const print = vi.spyOn(console, 'warn').mockImplementation(() => {});
  const { learner, root, named, press } = await opened();
  expect(root.textContent).toMatch(/kept in this browser.*stays in this browser/s);
  const warn = (code: string) => world.sessions[0]?.dispatchEvent(new WarningEvent(code, 'Hear'));
  warn('projection_not_saved');
  await settled();
  expect(root.textContent).toContain('stays in this browser');
  warn('storage_unavailable');
  await settled();
  expect(root.textContent).toContain('stays only until this page closes');
  expect(print.mock.calls).toEqual([['webvera: Hear (storage_unavailable)']]);
  press('Write');
  await eventually(() => expect(named('More like this').isVisible).toBe(true));
  press('More like this');
  await eventually(() => expect(root.textContent).toContain('Noted, until this page closes: more like this.'));
  await learner.leave('gone');
  await settled();
  expect(root.textContent).toMatch(/this browser keeps nothing for this page/);
  expect(root.textContent).not.toMatch(/in this browser/);
  const { root: other } = await opened('causal-lm', { loads: false }); // another element of the page
  expect(other.textContent).not.toMatch(/in this browser/);
  print.mockRestore();
});

test('a panel in another window is drawn by the frames of that window', async () => {
  const { learner, root, panel } = await opened('causal-lm', { loads: false });
  const draws: (() => void)[] = [];
  const asked = (name: 'one' | 'other') => ({ name, requestAnimationFrame: (draw: () => void) => draws.push(draw) });
  const owner = panel.root as unknown as { ownerDocument: object };
  owner.ownerDocument = { defaultView: asked('one') };
  await learner.load();
  await settled();
  expect([draws.length, region(root, 'work')?.isVisible]).toEqual([1, false]);
  // The window is closed before it draws, and the panel is in another one.
  owner.ownerDocument = { defaultView: asked('other') };
  await learner.leave('gone');
  expect(draws).toHaveLength(2);
  await learner.load();
  draws[1]?.();
  expect(region(root, 'work')?.isVisible).toBe(true);
});
