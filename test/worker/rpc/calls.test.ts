import { expect, test } from 'vitest';
import { Calls } from '../../../src/worker/rpc/calls';

test('a token is requested while a call is in progress, and refused afterwards', async () => {
  const asked: number[] = [];
  const calls: Calls = new Calls((event) => {
    if (event.type !== 'need_token') return;
    asked.push(event.call);
    calls.giveToken(event.call, 'hf_a').catch(() => {});
  });
  let ended = new AbortController().signal;
  const token = await calls.run(7, async (signal) => {
    ended = signal;
    return calls.token(7, signal);
  });
  expect(token).toBe('hf_a');
  await expect(calls.token(7, ended)).rejects.toMatchObject({ code: 'gated_repo' });
  expect(asked).toEqual([7]);
});
