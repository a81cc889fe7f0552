import type { Labelled } from '../classes/class_set';
import { drawLine } from './drawing';
import { blankSquare, pngOf, SIDE } from './picture';

const EACH = 10;
const PEN = 7;

type Way = readonly (readonly [number, number])[];
/** Random pen strokes for each shape, with coordinates from −1 to 1. */
const shapes: Readonly<Record<string, (random: () => number) => readonly Way[]>> = {
  circles: (random) => [Array.from({ length: 26 }, (_, i) => around((i * Math.PI) / 12.5, 0.94 + 0.12 * random()))],
  crosses: (random) => {
    const end = (): number => 0.8 + 0.3 * random();
    return [
      [
        [-end(), -end()],
        [end(), end()],
      ],
      [
        [-end(), end()],
        [end(), -end()],
      ],
    ];
  },
  zigzags: (random) => [
    Array.from({ length: 6 }, (_, i) => [i / 2.5 - 1, (i % 2 === 0 ? 0.7 : -0.7) + 0.3 * (random() - 0.5)] as const),
  ],
};

/** Draws the example pictures: some of each shape, as if by hand. */
export async function starterPictures(): Promise<readonly Labelled<Blob>[]> {
  const random = steadyRandom();
  const all: Labelled<Blob>[] = [];
  for (const [label, waysOf] of Object.entries(shapes)) {
    for (let i = 0; i < EACH; i++) all.push({ label, content: await drawn(waysOf(random), random) });
  }
  return all;
}

function drawn(ways: readonly Way[], random: () => number): Promise<Blob> {
  const { canvas, context } = blankSquare();
  const size = SIDE * (0.24 + 0.14 * random());
  const middle = [SIDE * (0.42 + 0.16 * random()), SIDE * (0.42 + 0.16 * random())] as const;
  const turn = 0.5 * (random() - 0.5);
  const placed = ([x, y]: readonly [number, number]): readonly [number, number] => [
    middle[0] + size * (x * Math.cos(turn) - y * Math.sin(turn)),
    middle[1] + size * (x * Math.sin(turn) + y * Math.cos(turn)),
  ];
  for (const way of ways) drawLine(context, PEN, way.map(placed));
  return pngOf(canvas);
}

function around(angle: number, radius: number): readonly [number, number] {
  return [radius * Math.cos(angle), radius * Math.sin(angle)];
}

/** Random numbers from 0 to 1, the same at each visit (Park and Miller's generator). */
function steadyRandom(): () => number {
  let state = 7;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
