// Takes this library's training step and others in turns: A B A B. Runs in Node and in a page.
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
 * @typedef {object} Side
 * @property {number} setup_seconds from plain numbers until the first step can be taken
 * @property {number} first_step_seconds with the compilation of kernels
 * @property {number} wall_seconds median
 * @property {number} cpu_seconds median, of all cores together; NaN if the system doesn't report it
 * @property {readonly number[]} wall_samples
 * @property {readonly number[]} cpu_samples
 * @property {readonly number[]} losses of all steps
 * @property {number} peak_gpu_bytes
 * @property {number} dispatches_per_step
 */
/**
 * @typedef {object} Comparison
 * @property {CaseName} case
 * @property {number} r
 * @property {number} rounds
 * @property {Side} webvera
 * @property {Side} peer
 * @property {{ wall: number, cpu: number }} ratio of the peer's time to webvera's
 * @property {{ first: number, largest: number }} loss_difference
 */
/**
 * @typedef {object} KindsComparison the steps of each kind of adapter, and of jax-js' LoRA
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
 * @property {() => number | Promise<number>} cpuSeconds CPU time of this process, or of the browser, so far
 * @property {(done: number, total: number) => unknown} [onRound]
 */

/** The largest allowed difference of the first losses. Both sides do the same arithmetic, but in different orders. */
const LOSS_TOLERANCE = 1e-3;
/** Milliseconds for the driver to finish compiling for the session that made the problem. */
const SETTLING = 2000;
/** Steps of each side that aren't measured, after its first step. The first step compiles, and the second may still prepare something. */
const WARM_UPS = 1;

/**
 * Compares the step of VeRA with that of a rival.
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
 * Compares the steps of each kind of adapter, and the step of a peer's LoRA.
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
 * Takes the steps of all sides in turns. Throws if the sides' first losses differ: an adapter changes nothing before its first update, so
 * they must be equal.
 * @param {readonly (() => Promise<Stepper>)[]} creators of the sides
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
 * @typedef {object} OpenSide
 * @property {Stepper} stepper
 * @property {number} setup
 * @property {number} first
 * @property {number[]} wall
 * @property {number[]} cpu
 * @property {number[]} losses
 * @property {number} dispatches of the last step
 */

/**
 * Makes a side ready, and takes its first step.
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
 * @param {Instruments & { measured: boolean }} how `measured`: whether the step is a sample
 * @returns {Promise<number>} seconds
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
