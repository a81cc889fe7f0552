import { beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { WarningEvent, WebVeraError } from '../../../src/index';
import { eventually } from '../../helpers/eventually';
import { type FakeElement, stubDom } from '../fake_dom';
import { newWorld, settled, type World } from '../learner_world';
import { openPanel } from './opened_panel';

let world: World;
beforeAll(stubDom);
beforeEach(() => {
  world = newWorld();
});

const region = (root: FakeElement, className: string): FakeElement | undefined =>
  root.all.find((each) => each.className.split(' ').includes(className));

test('a device that was refused at first is no longer refused once a model is loaded', async () => {
  const { learner, panel, root, named } = await openPanel(world, 'causal-lm', { loads: false });
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
  const { panel, root, named } = await openPanel(world, 'causal-lm', { loads: false });
  panel.refuse(new WebVeraError('gpu_blocked', 'for now'));
  panel.refuse(undefined);
  expect([region(root, 'unsupported')?.isVisible, named('Load the model').isVisible]).toEqual([false, true]);
});

/** Chooses the file of an exported profile in the region of the stored one. */
function chooseExport(root: FakeElement, examples: readonly object[]): void {
  choose(root, new File([JSON.stringify(examples)], 'profile (1).json'));
}

function choose(root: FakeElement, ...files: readonly File[]): void {
  const picker = region(root, 'kept')?.all.find(({ localName }) => localName === 'input');
  Object.assign(picker ?? {}, { files });
  picker?.dispatchEvent(new Event('change'));
}

test('files of two exports are refused in words', async () => {
  const { root } = await openPanel(world);
  choose(root, new File(['[]'], 'profile.json'), new File(['[]'], 'profile (1).json'));
  await settled();
  const message = root.all.find((each) => each.getAttribute('part') === 'message');
  expect([message?.isVisible, message?.textContent]).toEqual([true, expect.stringMatching(/two files of one name/)]);
  expect(world.heard('error')).toMatchObject([{ code: 'invalid_argument' }]);
});

test('an import asks before it replaces anything, and replaces nothing before', async () => {
  const { root, named } = await openPanel(world);
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

test('a question about the profile isn’t left for the next one', async () => {
  world.profiles.prepare = (profile) => profile.examples.push({ text: 'A paragraph.' });
  const { learner, root } = await openPanel(world);
  await settled();
  const shown = (text: string) => root.all.find((each) => each.isVisible && each.textContent === text);
  shown('Forget everything…')?.click();
  expect(shown('Forget')).toBeDefined();
  world.before = async () => {}; // the next profile is open before a frame is drawn
  world.attributes.profile = 'ben';
  await learner.load();
  await settled();
  expect([shown('Forget') === undefined, shown('Forget everything…') === undefined]).toEqual([true, false]);
});

test('what is stored only until the page closes is announced as such, once the session warns of it', async () => {
  const print = vi.spyOn(console, 'warn').mockImplementation(() => {});
  const { learner, root, named, press } = await openPanel(world);
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
  const { root: other } = await openPanel(world, 'causal-lm', { loads: false }); // another element of the page
  expect(other.textContent).not.toMatch(/in this browser/);
  print.mockRestore();
});

test('a panel in another window is drawn by the frames of that window', async () => {
  const { learner, root, panel } = await openPanel(world, 'causal-lm', { loads: false });
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
