import { expect, test } from 'vitest';
import { type Cacheable, type Cached, ProgramCache } from '../../src/graph/program_cache';
import { pinned } from '../../src/graph/value';
import { FakeRunner } from '../helpers/session/fake_runner';

const build = (name: string) => (): Cacheable => ({
  program: { name, steps: [], outputs: [] },
  owned: [pinned(`input of ${name}`, [4])],
});

function open(kept?: number) {
  const runner = new FakeRunner();
  const cache = new ProgramCache(runner, kept === undefined ? {} : { capacity: kept });
  const use = <R>(name: string, body: (cached: Cached<Cacheable>) => R) => cache.use({ name }, build(name), body);
  const names = (): string[] => [...runner.loaded].map(({ name }) => name).sort();
  return { runner, cache, use, names };
}

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

test('builds and loads a program once, and gives what the body gives', async () => {
  const { runner, use } = open();
  const first = await use('a', (cached) => cached);
  expect(await use('a', (cached) => cached)).toBe(first);
  expect(await use('a', async () => 5)).toBe(5);
  expect(runner.loads).toEqual(['a']);
  expect([...runner.held]).toEqual(first.built.owned);
});

test('calls at the same time share one load', async () => {
  const { runner, use } = open();
  const [one, two] = await Promise.all([use('a', (cached) => cached), use('a', (cached) => cached)]);
  expect(one).toBe(two);
  expect(runner.loads).toEqual(['a']);
});

test('the program used longest ago makes room, with the values it owns', async () => {
  const { runner, use, names } = open(2);
  for (const name of ['a', 'b', 'a', 'c']) await use(name, () => {});
  await settled();
  expect(names()).toEqual(['a', 'c']);
  expect([...runner.held].map(({ name }) => name)).toEqual(['input of a', 'input of c']);
  await use('b', () => {});
  expect(runner.loads).toEqual(['a', 'b', 'c', 'b']);
});

test('no program is dropped before its body has run, however many are requested at once', async () => {
  const { use, names, runner } = open(2);
  const order = ['a', 'b', 'c', 'd', 'e', 'a'];
  const alive = await Promise.all(order.map((name) => use(name, ({ built }) => runner.loaded.has(built.program))));
  expect(alive).toEqual(order.map(() => true));
  await settled();
  expect(names()).toHaveLength(2);
});

test('a program that is dropped while it loads is released after loading', async () => {
  const { runner, cache, use } = open();
  let letThrough: () => void = () => {};
  runner.gate = new Promise((resolve) => {
    letThrough = resolve;
  });
  const used = use('a', ({ built }) => runner.loaded.has(built.program));
  const dropped = cache.dropAll();
  letThrough();
  // The call that waits for the program still gets it.
  expect(await used).toBe(true);
  await dropped;
  expect(runner.loaded.size + runner.held.size).toBe(0);
});

test('drops those whose key passes', async () => {
  const { cache, use, names } = open();
  for (const name of ['a 1', 'a 2', 'b 1']) await use(name, () => {});
  await cache.dropAll(({ name }) => name.startsWith('a'));
  expect(names()).toEqual(['b 1']);
  await cache.dropAll();
  expect(names()).toEqual([]);
});

test('a load that fails leaves nothing, and the next one starts again', async () => {
  const { runner, cache, use } = open();
  runner.gate = Promise.reject(new Error('no memory'));
  const failed = expect(use('a', () => {})).rejects.toThrow('no memory');
  await cache.dropAll();
  await failed;
  expect(runner.held.size).toBe(0);
  runner.gate = Promise.resolve();
  expect(await use('a', () => 'there')).toBe('there');
});

test('a body or a build that throws changes nothing', async () => {
  const { runner, cache, use } = open();
  const fail = (): never => {
    throw new Error('oops');
  };
  await expect(use('a', fail)).rejects.toThrow('oops');
  await expect(cache.use({ name: 'b' }, fail, () => {})).rejects.toThrow('oops');
  expect(await use('a', () => 'there')).toBe('there');
  expect(runner.loads).toEqual(['a']);
});
