// Takes our training step and a peer's in turns: A B A B. Runs in Node and in a page.
import { median } from '../../scripts/shared/median.mjs';
import { makeProblem } from '../peers/problem.mjs';
import { createStep as createOwnStep } from '../peers/webvera_step.mjs';
import { bytesOf, dispatchCount, installMeter } from './meter.mjs';

/** @typedef {import('../peers/problem.mjs').Problem} Problem */
/** @typedef {import('../peers/problem.mjs').Stepper} Stepper */
/** @typedef {import('../peers/problem.mjs').CaseName} CaseName */
/** @typedef {(problem: Problem) => Promise<Stepper>} CreateStep */
/**
 * @typedef {object} Side
 * @property {number} setup_seconds from plain numbers to a step that is ready to be taken
 * @property {number} first_step_seconds with compiling
 * @property {number} wall_seconds median
 * @property {number} cpu_seconds median, of all cores together; NaN where it can't be told
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
 * @property {{ wall: number, cpu: number }} ratio how many times as long the peer takes
 * @property {{ first: number, largest: number }} loss_difference
 */

/** Both do the same arithmetic in another order. */
const LOSS_TOLERANCE = 1e-3;
/** Milliseconds in which a driver ends what it compiled for the session that made the problem. */
const SETTLING = 2000;
/** After the first step, which compiles, one more may still find something to prepare. */
const WARM_UPS = 1;

/**
 * @param {import('../peers/problem.mjs').Library} library
 * @param {GPU} gpu
 * @param {CreateStep} createPeerStep
 * @param {object} job
 * @param {CaseName} job.name
 * @param {number} job.r
 * @param {number} job.rounds
 * @param {() => number | Promise<number>} job.cpuSeconds that this process, or browser, has used so far
 * @param {(done: number, total: number) => unknown} [job.onRound]
 * @returns {Promise<Comparison>}
 */
export async function compare(library, gpu, createPeerStep, { name, r, rounds, cpuSeconds, onRound }) {
  installMeter();
  const session = await library.Session.open({ worker: false, gpu });
  const problem = await makeProblem(library, { name, r, session });
  await session.close();
  await new Promise((resolve) => setTimeout(resolve, SETTLING));

  const sides = [
    await open(() => createOwnStep(library, gpu, problem), cpuSeconds),
    await open(() => createPeerStep(problem), cpuSeconds),
  ];
  const difference = lossDifference(sides);
  if (!(difference.first <= LOSS_TOLERANCE)) {
    throw new Error(`The first losses differ: ${sides.map(({ losses }) => losses[0]).join(' and ')}`);
  }
  for (let round = -WARM_UPS; round < rounds; round++) {
    for (const side of sides) await takeStep(side, { measured: round >= 0, cpuSeconds });
    await onRound?.(round + 1, rounds);
  }
  const [webvera, peer] = sides.map(summary);
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
 * With its first step taken.
 * @param {() => Promise<Stepper>} create
 * @param {() => number | Promise<number>} cpuSeconds
 * @returns {Promise<OpenSide>}
 */
async function open(create, cpuSeconds) {
  const start = performance.now();
  const stepper = await create();
  const setup = (performance.now() - start) / 1000;
  /** @type {OpenSide} */
  const side = { stepper, setup, first: 0, wall: [], cpu: [], losses: [], dispatches: 0 };
  side.first = await takeStep(side, { measured: false, cpuSeconds });
  return side;
}

/**
 * @param {OpenSide} side
 * @param {{ measured: boolean, cpuSeconds: () => number | Promise<number> }} how
 * @returns {Promise<number>} seconds
 */
async function takeStep(side, { measured, cpuSeconds }) {
  const dispatched = dispatchCount();
  const cpuBefore = await cpuSeconds();
  const start = performance.now();
  const loss = await side.stepper.step();
  const wall = (performance.now() - start) / 1000;
  const cpu = (await cpuSeconds()) - cpuBefore;
  side.losses.push(loss);
  side.dispatches = dispatchCount() - dispatched;
  if (measured) {
    side.wall.push(wall);
    side.cpu.push(cpu);
  }
  return wall;
}

/**
 * @param {OpenSide} side
 * @returns {Side}
 */
function summary({ stepper, setup, first, wall, cpu, losses, dispatches }) {
  return {
    setup_seconds: setup,
    first_step_seconds: first,
    wall_seconds: median(wall),
    cpu_seconds: median(cpu),
    wall_samples: wall,
    cpu_samples: cpu,
    losses,
    peak_gpu_bytes: bytesOf(stepper.device).peak,
    dispatches_per_step: dispatches,
  };
}

/** @param {readonly OpenSide[]} sides */
function lossDifference([a, b]) {
  const differences = a?.losses.map((loss, i) => Math.abs(loss - (b?.losses[i] ?? Number.NaN))) ?? [];
  return { first: differences[0] ?? Number.NaN, largest: Math.max(...differences) };
}
