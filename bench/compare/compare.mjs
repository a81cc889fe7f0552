// Compares this library's training step with others. The steps run alternately: A B A B. Works in Node and in a page.
import { median } from '../../scripts/shared/median.mjs';
import { makeProblem } from '../peers/problem.mjs';
import { createStep as createOwnStep } from '../peers/webvera_step.mjs';
import { kindsOf } from './kinds.mjs';
import { installMeter } from './meter.mjs';

/** @typedef {import('../peers/problem.mjs').Stepper} Stepper */
/** @typedef {import('../peers/problem.mjs').CaseName} CaseName */
/** @typedef {import('../peers/problem.mjs').CreateStep} CreateStep */
/** @typedef {import('./meter.mjs').Meter} Meter */
/**
 * @typedef {object} Side measurements of the steps of one library, one build or one kind of adapter
 * @property {number} setup_seconds time to load the problem (arrays of the model, the adapter and the batch), until the first step can run
 * @property {number} first_step_seconds including the compilation of kernels
 * @property {number} wall_seconds median of the samples
 * @property {number} cpu_seconds median of the samples, summed over all cores; NaN if the system doesn't report it
 * @property {readonly number[]} wall_samples
 * @property {readonly number[]} cpu_samples
 * @property {readonly number[]} losses of all steps, including those that aren't measured
 * @property {number} peak_gpu_bytes
 * @property {number} dispatches_per_step
 */
/**
 * @typedef {object} Comparison a comparison of this library's step with that of a rival (`peer`)
 * @property {CaseName} case
 * @property {number} r
 * @property {number} rounds
 * @property {Side} webvera
 * @property {Side} peer
 * @property {{ wall: number, cpu: number }} ratio the peer's times divided by webvera's
 * @property {{ first: number, largest: number }} loss_difference between the two sides: in the first step, and the largest in any step
 */
/**
 * @typedef {object} KindsComparison a comparison of the steps of all kinds of adapters and of LoRA in jax-js
 * @property {CaseName} case
 * @property {number} r VeRA's rank
 * @property {number} rounds
 * @property {readonly (Side & { name: string })[]} sides
 */
/**
 * @typedef {object} CompareJob
 * @property {CaseName} name
 * @property {number} r
 * @property {number} rounds
 * @property {() => number | Promise<number>} cpuSeconds returns the CPU time that this process, or the browser, has used so far
 * @property {(done: number, total: number) => unknown} [onRound]
 */

/** The largest allowed difference between the sides' first losses. All sides compute the same loss, but sum it up in different orders. */
const LOSS_TOLERANCE = 1e-3;
/**
 * Milliseconds to wait before the first step. The driver may still be compiling kernels for the session that prepared the model and the
 * batch, and this would slow down the steps.
 */
const SETTLING = 2000;
/** The number of unmeasured steps of each side after its first one. The first step compiles, and the second may still do one-time work. */
const WARM_UPS = 1;

/**
 * Compares VeRA's training step in this library with that of a rival: another library or another build.
 * @param {import('../peers/problem.mjs').Library} library
 * @param {GPU} gpu
 * @param {CreateStep} createPeerStep
 * @param {CompareJob} job
 * @returns {Promise<Comparison>}
 */
export async function compare(library, gpu, createPeerStep, job) {
  const { name, r, rounds } = job;
  const problem = await problemOf(library, gpu, job);
  const [webvera, peer] = await inTurns(
    [() => createOwnStep(library, gpu, problem), () => createPeerStep(problem)],
    job,
  );
  if (webvera === undefined || peer === undefined) throw new Error('unreachable');
  return {
    case: name,
    r,
    rounds,
    webvera,
    peer,
    ratio: { wall: peer.wall_seconds / webvera.wall_seconds, cpu: peer.cpu_seconds / webvera.cpu_seconds },
    loss_difference: lossDifference([webvera, peer]),
  };
}

/**
 * Compares the training steps of all kinds of adapters, and that of LoRA in another library.
 * @param {import('../peers/problem.mjs').Library} library
 * @param {GPU} gpu
 * @param {CreateStep} createLoraStep
 * @param {CompareJob} job
 * @returns {Promise<KindsComparison>}
 */
export async function compareKinds(library, gpu, createLoraStep, job) {
  const { name, r, rounds } = job;
  const problem = await problemOf(library, gpu, job);
  const kinds = kindsOf(library, problem);
  const own = kinds.map(
    ({ config }) =>
      () =>
        createOwnStep(library, gpu, problem, config),
  );
  const sides = await inTurns([...own, () => createLoraStep(problem)], job);
  const names = [...kinds.map((kind) => kind.name), 'LoRA in jax-js'];
  return { case: name, r, rounds, sides: sides.map((side, i) => ({ name: names[i] ?? '', ...side })) };
}

/**
 * @param {import('../peers/problem.mjs').Library} library
 * @param {GPU} gpu
 * @param {CompareJob} job
 */
async function problemOf(library, gpu, { name, r }) {
  const session = await library.Session.open({ worker: false, gpu });
  const problem = await makeProblem(library, { name, r, session });
  await session.close();
  await new Promise((resolve) => setTimeout(resolve, SETTLING));
  return problem;
}

/**
 * Runs the steps of all sides alternately. Throws if the sides' first losses differ: an adapter changes nothing before its first update,
 * so these losses must be equal.
 * @param {readonly (() => Promise<Stepper>)[]} creators create the sides' steppers
 * @param {CompareJob} job
 * @returns {Promise<Side[]>}
 */
async function inTurns(creators, { rounds, cpuSeconds, onRound }) {
  const meter = installMeter();
  /** @type {OpenSide[]} */
  const sides = [];
  for (const create of creators) sides.push(await open(create, { meter, cpuSeconds }));
  const [own, ...others] = sides;
  for (const other of others) {
    if (own !== undefined && lossDifference([own, other]).first <= LOSS_TOLERANCE) continue;
    throw new Error(`The first losses differ: ${sides.map(({ losses }) => losses[0]).join(' and ')}`);
  }
  for (let round = -WARM_UPS; round < rounds; round++) {
    for (const side of sides) await takeStep(side, { measured: round >= 0, meter, cpuSeconds });
    await onRound?.(round + 1, rounds);
  }
  const summaries = sides.map((side) => summary(side, meter));
  for (const { stepper } of sides) await stepper.dispose();
  return summaries;
}

/** @typedef {{ meter: Meter, cpuSeconds: () => number | Promise<number> }} Instruments */
/**
 * @typedef {object} OpenSide a side while its steps run. All times are in seconds
 * @property {Stepper} stepper
 * @property {number} setup
 * @property {number} first
 * @property {number[]} wall
 * @property {number[]} cpu
 * @property {number[]} losses
 * @property {number} dispatches number of dispatches in the last step
 */

/**
 * Creates a side's stepper and runs its first step.
 * @param {() => Promise<Stepper>} create
 * @param {Instruments} instruments
 * @returns {Promise<OpenSide>}
 */
async function open(create, instruments) {
  const start = performance.now();
  const stepper = await create();
  const setup = (performance.now() - start) / 1000;
  /** @type {OpenSide} */
  const side = { stepper, setup, first: 0, wall: [], cpu: [], losses: [], dispatches: 0 };
  side.first = await takeStep(side, { measured: false, ...instruments });
  return side;
}

/**
 * @param {OpenSide} side
 * @param {Instruments & { measured: boolean }} how `measured`: whether the step's times are added to the samples
 * @returns {Promise<number>} the step's wall time in seconds
 */
async function takeStep(side, { measured, meter, cpuSeconds }) {
  const dispatched = meter.dispatchCount();
  const cpuBefore = await cpuSeconds();
  const start = performance.now();
  const loss = await side.stepper.step();
  const wall = (performance.now() - start) / 1000;
  const cpu = (await cpuSeconds()) - cpuBefore;
  side.losses.push(loss);
  side.dispatches = meter.dispatchCount() - dispatched;
  if (measured) {
    side.wall.push(wall);
    side.cpu.push(cpu);
  }
  return wall;
}

/**
 * @param {OpenSide} side
 * @param {Meter} meter
 * @returns {Side}
 */
function summary({ stepper, setup, first, wall, cpu, losses, dispatches }, meter) {
  return {
    setup_seconds: setup,
    first_step_seconds: first,
    wall_seconds: median(wall),
    cpu_seconds: median(cpu),
    wall_samples: wall,
    cpu_samples: cpu,
    losses,
    peak_gpu_bytes: meter.bytesOf(stepper.device).peak,
    dispatches_per_step: dispatches,
  };
}

/** @param {readonly Pick<Side, 'losses'>[]} sides */
function lossDifference([a, b]) {
  const differences = a?.losses.map((loss, i) => Math.abs(loss - (b?.losses[i] ?? Number.NaN))) ?? [];
  return { first: differences[0] ?? Number.NaN, largest: Math.max(...differences) };
}
