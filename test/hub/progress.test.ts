import { describe, expect, test } from 'vitest';
import type { ProgressInfo } from '../../src/core/types/source';
import { Progress } from '../../src/hub/progress';

function recorded() {
  const events: ProgressInfo[] = [];
  const clock = { time: 0 };
  const progress = new Progress({
    name: 'm',
    progress_callback: (info) => events.push(info),
    now: () => clock.time,
  });
  const of = <S extends ProgressInfo['status']>(status: S) =>
    events.filter((event): event is Extract<ProgressInfo, { status: S }> => event.status === status);
  const verified = () => events.filter((event) => event.status === 'verify');
  return { events, clock, progress, of, verified };
}

describe('one file', () => {
  test("reports transformers.js' events in order", () => {
    const { events, clock, progress } = recorded();
    const file = progress.start('config.json', 200);
    file.add(50);
    clock.time = 100;
    file.add(150);
    file.done();
    expect(events).toEqual([
      { status: 'initiate', name: 'm', file: 'config.json' },
      { status: 'download', name: 'm', file: 'config.json' },
      { status: 'progress', name: 'm', file: 'config.json', progress: 25, loaded: 50, total: 200 },
      { status: 'progress', name: 'm', file: 'config.json', progress: 100, loaded: 200, total: 200 },
      { status: 'progress', name: 'm', file: 'config.json', progress: 100, loaded: 200, total: 200 },
      { status: 'done', name: 'm', file: 'config.json' },
    ]);
  });
  test('reports at most ten times a second, and always at the end', () => {
    const { clock, progress, of } = recorded();
    const file = progress.start('f', 1000);
    for (clock.time = 0; clock.time < 1000; clock.time++) file.add(1);
    file.done();
    expect(of('progress')).toHaveLength(11);
    expect(of('progress').at(-1)).toMatchObject({ progress: 100, loaded: 1000 });
  });
  test('never reports more than 100 %', () => {
    const { progress, of } = recorded();
    const file = progress.start('f', 10);
    file.add(30);
    file.done();
    expect(of('progress').map((event) => [event.progress, event.total])).toEqual([
      [100, 30],
      [100, 30],
    ]);
  });
});

describe('all files', () => {
  test('report nothing until the total is known', () => {
    const { progress, of } = recorded();
    const config = progress.start('config.json', 10);
    config.add(10);
    config.done();
    expect(of('progress_total')).toEqual([]);
    progress.expect(1000);
    progress.start('model.safetensors', undefined).add(500);
    expect(of('progress_total')).toMatchObject([{ progress: 51, loaded: 510, total: 1000 }]);
  });
  test('report speed and remaining time by the last five seconds', () => {
    const { clock, progress, of } = recorded();
    progress.expect(100_000);
    const file = progress.start('f', 100_000);
    for (clock.time = 0; clock.time <= 10_000; clock.time += 100) file.add(10);
    for (; clock.time <= 20_000; clock.time += 100) file.add(500);
    const first = of('progress_total')[0];
    expect(first).not.toHaveProperty('bytesPerSecond');
    const last = of('progress_total').at(-1);
    expect(last?.bytesPerSecond).toBeCloseTo(5000, 6);
    expect(last?.secondsLeft).toBeCloseTo((100_000 - 51_010) / 5000, 6);
  });
  test('shards never make the bar go back', () => {
    const { clock, progress, of } = recorded();
    progress.expect(3000);
    for (const shard of ['1', '2', '3']) {
      const file = progress.start(shard, 1000);
      for (let chunk = 0; chunk < 10; chunk++) {
        clock.time += 100;
        file.add(100);
      }
      file.done();
    }
    const bars = of('progress_total').map((event) => event.progress);
    expect(bars).toEqual(bars.toSorted((a, b) => a - b));
    expect(bars.at(-1)).toBe(100);
  });
  test('files behind the expected ones, and a file that is opened twice, never make it go back', () => {
    const { clock, progress, of } = recorded();
    progress.expect(1000);
    const read = (name: string, size: number, end = size): void => {
      const file = progress.start(name, size);
      for (let done = 0; done < end; done += 10) {
        clock.time += 100;
        file.add(10);
      }
    };
    read('w', 1000, 50);
    read('w', 1000);
    read('tokenizer.json', 100);
    const bars = of('progress_total').map((event) => event.progress ?? 0);
    expect(bars).toEqual(bars.toSorted((a, b) => a - b));
    expect(bars.at(-1)).toBe(100);
    expect(of('progress_total').at(-1)).toMatchObject({ loaded: 1100, total: 1100 });
  });
});

test('without a callback nothing happens', () => {
  const file = new Progress({ name: 'm' }).start('f', 1);
  file.add(1);
  file.done();
  expect(file.loaded).toBe(1);
});

describe('verified bytes', () => {
  test('are reported as a part of the total, once it is known', () => {
    const { progress, verified, clock } = recorded();
    const config = progress.start('config.json', 10);
    config.add(10);
    progress.verify('config.json', 10);
    expect(verified()).toEqual([]);
    progress.expect(1000);
    for (const shard of ['a', 'b']) {
      clock.time += 100;
      progress.start(shard, 500).add(500);
      progress.verify(shard, 500);
    }
    expect(verified()).toEqual([
      { status: 'verify', name: 'm', progress: 51 },
      { status: 'verify', name: 'm', progress: 100 },
    ]);
  });

  test('add up to the total, even if not all were compared', () => {
    const { progress, verified } = recorded();
    progress.start('config.json', 10).add(10);
    progress.start('w', 100).add(100);
    progress.expect(100);
    progress.verify('w', 100);
    expect(verified().at(-1)).toMatchObject({ progress: 100 });
  });

  test('are reported at most ten times a second, and at each file’s end', () => {
    const { progress, clock, verified } = recorded();
    progress.expect(1000);
    progress.start('w', 1000);
    for (clock.time = 0; clock.time < 1000; clock.time++) progress.verify('w', 1);
    expect(verified()).toHaveLength(11);
    expect(verified().at(-1)).toMatchObject({ progress: 100 });
    progress.verify('nothing', 1);
    expect(verified()).toHaveLength(11);
  });
});
