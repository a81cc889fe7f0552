import { beforeAll, expect, test } from 'vitest';
import type { Region } from '../../../src/embed/view/region';
import { teachRegion } from '../../../src/embed/view/teach/teach';
import { withResolvers } from '../../helpers/with_resolvers';
import { FakeElement, stubDom } from '../fake_dom';
import { settled } from '../learner_world';

beforeAll(stubDom);

/** Makes a region that learns a file until `done` is resolved. The button Remove shows whether the file is still there. */
async function learning() {
  const training = { root: new FakeElement('div'), update() {}, landing: () => undefined };
  const done = withResolvers<boolean>();
  const region = teachRegion(training as unknown as Region, () => done.promise);
  const root = region.root as unknown as FakeElement;
  const named = (text: string) => root.all.find((each) => each.localName === 'button' && each.textContent === text);
  const picker = root.all.find(({ localName }) => localName === 'input');
  Object.assign(picker ?? {}, { files: [new File(['A lesson.'], 'lesson.txt')] });
  picker?.dispatchEvent(new Event('change'));
  expect([named('Learn')?.isFocused, named('Remove')?.isVisible]).toEqual([true, true]);
  named('Learn')?.click();
  await settled();
  const input = root.all.find(({ localName }) => localName === 'textarea');
  return { done, input, remove: named('Remove') };
}

test('a file that was learnt leaves the focus where the visitor has moved it', async () => {
  const { done, input, remove } = await learning();
  const elsewhere = new FakeElement('input');
  elsewhere.focus();
  done.resolve(true);
  await settled();
  expect([elsewhere.isFocused, input?.isVisible, remove?.isVisible]).toEqual([true, true, false]);
});

test('a file that was learnt moves a focus within the region to the field', async () => {
  const { done, input, remove } = await learning();
  done.resolve(true);
  await settled();
  expect([input?.isFocused, remove?.isVisible]).toEqual([true, false]);
});
