import { expect, test } from 'vitest';
import { browserNames, reporting, withBrowser } from './harness';

interface Failure {
  readonly name: string;
  readonly code?: string;
  readonly seconds: number;
}

interface Killed {
  readonly first: string;
  readonly failures: Readonly<Record<string, Failure>>;
  readonly later: Failure;
  readonly states: readonly string[];
  readonly text: string;
}

interface Blind extends Failure {
  readonly state: string;
  readonly stored: number;
}

interface Here {
  readonly trained: { readonly global_step: number; readonly training_loss: number };
  readonly here: Blind;
  readonly worker: Blind;
}

test.each(browserNames)('%s: a worker killed while it trains, no worker, and no WebGPU', async (name) => {
  const [killed, here] = await withBrowser(name, async (page, url) => {
    const report = await reporting(page);
    return [await report<Killed>(`${url}/pages/killed.html`), await report<Here>(`${url}/pages/here.html`)] as const;
  });

  expect(killed.first).toBe('log');
  expect(Object.keys(killed.failures)).toEqual(['train', 'events', 'generate', 'forward', 'list', 'pause']);
  for (const failure of [...Object.values(killed.failures), killed.later]) {
    expect(failure).toMatchObject({ name: 'WebVeraError', code: 'worker_crashed' });
    expect(failure.seconds).toBeLessThan(5);
  }
  expect(killed.states).toEqual(['closed']);
  expect(killed.text).toMatch(/\w/);

  expect(here.trained.global_step).toBe(1);
  expect(here.trained.training_loss).toBeGreaterThan(3);
  expect(here.trained.training_loss).toBeLessThan(5.5);
  for (const blind of [here.here, here.worker]) {
    expect(blind).toMatchObject({ name: 'WebVeraError', code: 'unsupported_device', state: 'ready', stored: 0 });
  }
});
