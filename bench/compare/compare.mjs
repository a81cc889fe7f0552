// Takes this library's training step and a rival's in turns: A B A B. Runs in Node and in a page.
import { median } from '../../scripts/shared/median.mjs';
import { makeProblem } from '../peers/problem.mjs';
import { createStep as createOwnStep } from '../peers/webvera_step.mjs';
import { installMeter } from './meter.mjs';

/** @typedef {import('../peers/problem.mjs').Stepper} Stepper */
/** @typedef {import('../peers/problem.mjs').CaseName} CaseName */
/** @typedef {import('../peers/problem.mjs').CreateStep} CreateStep */
/** @typedef {import('./meter.mjs').Meter} Meter */
/**
 * @typedef {object} Side
 * @property {number} setup_seconds from plain numbers to a step that can be taken
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

/** Both sides do the same arithmetic in different orders. */
const LOSS_TOLERANCE = 1e-3;
/** Milliseconds for the driver to finish compiling for the session that made the problem. */
const SETTLING = 2000;
/** The first step compiles, and the second one may still prepare something. */
const WARM_UPS = 1;

/**
 * @param {import('../peers/problem.mjs').Library} library
 * @param {GPU} gpu
 * @param {CreateStep} createPeerStep
 * @param {object} job
 * @param {CaseName} job.name
 * @param {number} job.r
 * @param {number} job.rounds
 * @param {() => number | Promise<number>} job.cpuSeconds CPU time of this process, or of the browser, so far
 * @param {(done: number, total: number) => unknown} [job.onRound]
 * @returns {Promise<Comparison>}
 */
export async function compare(library, gpu, createPeerStep, { name, r, rounds, cpuSeconds, onRound }) {
  const meter = installMeter();
  const session = await library.Session.open({ worker: false, gpu });
  const problem = await makeProblem(library, { name, r, session });
  await session.close();
  await new Promise((resolve) => setTimeout(resolve, SETTLING));

  const sides = [
    await open(() => createOwnStep(library, gpu, problem), { meter, cpuSeconds }),
    await open(() => createPeerStep(problem), { meter, cpuSeconds }),
  ];
  const difference = lossDifference(sides);
  if (!(difference.first <= LOSS_TOLERANCE)) {
    throw new Error(`The first losses differ: ${sides.map(({ losses }) => losses[0]).join(' and ')}`);
  }
  for (let round = -WARM_UPS; round < rounds; round++) {
    for (const side of sides) await takeStep(side, { measured: round >= 0, meter, cpuSeconds });
    await onRound?.(round + 1, rounds);
  }
  const [webvera, peer] = sides.map((side) => summary(side, meter));
  if (webvera === undefined || peer === undefined) throw new Error('unreachable');
  for (const { stepper } of sides) await stepper.dispose();
  return {
    case: name,
    r,
    rounds,
    webvera,
    peer,
    ratio: { wall: peer.wall_seconds / webvera.wall_seconds, cpu: peer.cpu_seconds / webvera.cpu_seconds },
    loss_difference: lossDifference(sides),
  };
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

/** @param {readonly OpenSide[]} sides */
function lossDifference([a, b]) {
  const differences = a?.losses.map((loss, i) => Math.abs(loss - (b?.losses[i] ?? Number.NaN))) ?? [];
  return { first: differences[0] ?? Number.NaN, largest: Math.max(...differences) };
}
