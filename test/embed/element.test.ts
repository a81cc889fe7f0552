import { afterEach, expect, test, vi } from 'vitest';
import type { WebVeraElement } from '../../src/embed/public';
import { FakeElement } from './fake_dom';

afterEach(() => {
  vi.unstubAllGlobals();
  vi.resetModules();
});

/** Makes an element outside any page. */
async function made(): Promise<WebVeraElement> {
  class Outside extends FakeElement {
    attachShadow(): object {
      return {};
    }
  }
  vi.stubGlobal('HTMLElement', Outside);
  const { defineElement } = await import('../../src/embed/element');
  let Tag: CustomElementConstructor = class {} as typeof HTMLElement;
  const define = (_: string, tag: CustomElementConstructor): void => {
    Tag = tag;
  };
  defineElement({ define } as CustomElementRegistry);
  return new Tag() as WebVeraElement;
}

test('a property sets its attribute: a number as its digits, which frameworks pass for a user’s id', async () => {
  const element = await made();
  const values = ['ann', 42, 0, null, '', undefined];
  const attributes = values.map((value) => {
    Object.assign(element, { profile: value });
    return element.getAttribute('profile');
  });
  expect(attributes).toEqual(['ann', '42', '0', null, '', null]);
});

test.each([{}, Number.NaN, true])('a property refuses %s, which no attribute can be', async (value) => {
  const element = await made();
  const refused = expect.objectContaining({ code: 'invalid_argument', message: expect.stringContaining('profile') });
  expect(() => Object.assign(element, { profile: value })).toThrow(refused);
  expect(element.getAttribute('profile')).toBeNull();
});
