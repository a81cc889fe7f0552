import { expect, test } from 'vitest';
import { chooseVariant, isSoftware } from '../../src/gpu/choice/choice';
import { APPLE, GPU, INTEL, LLVMPIPE, MALI, SWIFTSHADER } from '../helpers/gpu/devices';
import { small, smollm2, tiny, trainingSteps } from '../helpers/session/training_steps';

/** The most pipelines that the first step may compile. Drivers take 20 to 100 ms for each. */
const MOST = 40;

const DEVICES = [GPU, APPLE, INTEL, MALI, LLVMPIPE, SWIFTSHADER];
test.each([
  { name: 'tiny', sizes: tiny, pipelines: 24 },
  { name: 'small at r 64', sizes: { ...small, r: 64 }, pipelines: 27 },
  { name: 'small at r 256', sizes: small, pipelines: 22 },
  { name: 'SmolLM2-135M, 64 tokens', sizes: smollm2, pipelines: 24 },
  { name: 'SmolLM2-135M, 512 tokens', sizes: { ...smollm2, T: 512 }, pipelines: 31 },
])('$name: a first step compiles at most $pipelines pipelines', ({ sizes, pipelines }) => {
  const counts = DEVICES.map((info) => {
    const steps = trainingSteps(sizes, 'cheapest', !isSoftware(info));
    return new Set(steps.map((step) => chooseVariant(step, info))).size;
  });
  expect(Math.max(...counts)).toBe(pipelines);
  expect(pipelines).toBeLessThanOrEqual(MOST);
});
