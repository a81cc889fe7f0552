import { create, setText } from '../dom';
import { lossInWords, mean } from '../words';

const SVG = 'http://www.w3.org/2000/svg';
const WIDTH = 300;
const HEIGHT = 80;
/** Keeps the line's ends, and its thickness, within the picture. */
const MARGIN = 3;
/** A line needs no more points than it has room for. */
const MOST_POINTS = 150;
/** How much of the past a point of the line keeps: batches differ by more than what a step teaches. */
const DECAY = 0.9;

/** The points of a line through the losses, from left to right as the run goes on, as an SVG polyline has them. */
export function linePoints(losses: readonly number[], steps: number): string {
  const few = thinned(smoothed(losses.filter(Number.isFinite)));
  const [low, high] = [Math.min(...few), Math.max(...few)];
  const width = (WIDTH - 2 * MARGIN) * Math.min(1, losses.length / Math.max(1, steps));
  return few
    .map((loss, index) => {
      const x = MARGIN + (few.length === 1 ? 0 : (width * index) / (few.length - 1));
      const share = high === low ? 0.5 : (high - loss) / (high - low);
      return `${x.toFixed(1)},${(MARGIN + (HEIGHT - 2 * MARGIN) * share).toFixed(1)}`;
    })
    .join(' ');
}

/** A running mean that forgets slowly, corrected for its start. */
function smoothed(losses: readonly number[]): number[] {
  let [sum, weight] = [0, 0];
  return losses.map((loss) => {
    sum = DECAY * sum + (1 - DECAY) * loss;
    weight = DECAY * weight + (1 - DECAY);
    return sum / weight;
  });
}

/** Means of neighbours, as many as there is room for. */
function thinned(losses: readonly number[]): number[] {
  const size = Math.ceil(losses.length / MOST_POINTS);
  const groups = Array.from({ length: Math.ceil(losses.length / Math.max(1, size)) }, (_, index) =>
    losses.slice(index * size, (index + 1) * size),
  );
  return groups.map(mean);
}

/** The loss as a line, and in words. */
export class LossLine {
  readonly root: HTMLElement;
  readonly #line = document.createElementNS(SVG, 'polyline');
  readonly #caption = create('figcaption', { className: 'quiet' });
  readonly #lessons: string;
  #drawn = 0;

  /** `lessons`: what it learns from, for people. */
  constructor(lessons: string) {
    this.#lessons = lessons;
    const svg = document.createElementNS(SVG, 'svg');
    svg.setAttribute('viewBox', `0 0 ${WIDTH} ${HEIGHT}`);
    svg.setAttribute('preserveAspectRatio', 'none');
    svg.setAttribute('aria-hidden', 'true'); // the caption says it in words
    svg.append(this.#line);
    this.root = create('figure', { attributes: { part: 'chart' } }, this.#caption);
    this.root.prepend(svg);
  }

  update(losses: readonly number[], steps: number): void {
    if (losses.length === this.#drawn) return;
    this.#drawn = losses.length;
    this.root.hidden = losses.length === 0;
    if (losses.length === 0) return;
    this.#line.setAttribute('points', linePoints(losses, steps));
    setText(this.#caption, lossInWords(losses, this.#lessons));
  }
}
