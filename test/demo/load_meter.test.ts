import { expect, test } from 'vitest';
import { LoadMeter } from '../../demo/src/library/load_meter';

const progress = (file: string, loaded: number, total: number) =>
  ({ status: 'progress', name: 'm', file, progress: (100 * loaded) / total, loaded, total }) as const;

test('files are summed up until the library reports a total', () => {
  const meter = new LoadMeter();
  expect(meter.update({ status: 'initiate', name: 'm', file: 'config.json' })).toBeUndefined();
  expect(meter.update(progress('config.json', 40, 100))).toMatchObject({ loaded: 40, total: 100 });
  expect(meter.update(progress('weights', 10, 900))).toMatchObject({ loaded: 50, total: 1000 });
  expect(meter.update(progress('config.json', 100, 100))).toMatchObject({ loaded: 110, total: 1000 });
});

test('the library’s total is used, and later reports of files don’t reduce it', () => {
  const meter = new LoadMeter();
  const whole = { loaded: 200, total: 5000, bytesPerSecond: 100, secondsLeft: 48 };
  expect(meter.update({ status: 'progress_total', name: 'm', progress: 4, ...whole })).toEqual(whole);
  expect(meter.update(progress('weights', 300, 900))).toEqual({ ...whole, loaded: 300 });
});
