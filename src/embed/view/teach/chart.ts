import { Smoother } from '../../../parts/smoother';
import { create, setText } from '../panel_elements';
import { lossInWords, mean } from '../panel_words';

const SVG = 'http://www.w3.org/2000/svg';
const WIDTH = 300;
const HEIGHT = 80;
/** Space around the line, so that its whole thickness is visible. */
const MARGIN = 3;
/** The most points that a line of this width can show. */
const MOST_POINTS = 150;
/** The smoothing of the loss curve. The loss differs more between two batches than one step lowers it. */
const DECAY = 0.9;

/** Returns the `points` attribute of an SVG polyline: the smoothed losses so far of a run of `steps` steps. */
export function linePoints(losses: readonly number[], steps: number): string {
  const smoother = new Smoother(DECAY);
  const few = thinned(losses.filter(Number.isFinite).map((loss) => smoother.add(loss)));
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

/** Averages neighbouring losses, so that at most `MOST_POINTS` are left. */
function thinned(losses: readonly number[]): number[] {
  const size = Math.ceil(losses.length / MOST_POINTS);
  const groups = Array.from({ length: Math.ceil(losses.length / Math.max(1, size)) }, (_, index) =>
    losses.slice(index * size, (index + 1) * size),
  );
  return groups.map(mean);
}

/** A line chart of a run's loss, with a caption that gives it in words. `meaning` describes the loss to visitors. */
export function lossLine(meaning: string) {
  let drawn = 0;
  const line = document.createElementNS(SVG, 'polyline');
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', `0 0 ${WIDTH} ${HEIGHT}`);
  svg.setAttribute('preserveAspectRatio', 'none');
  svg.setAttribute('aria-hidden', 'true'); // screen readers read the caption instead
  svg.append(line);
  const caption = create('figcaption', { className: 'quiet' });
  const root = create('figure', { attributes: { part: 'chart' } });
  root.append(svg, caption);
  return {
    root,
    update(losses: readonly number[], steps: number): void {
      if (losses.length === drawn) return;
      drawn = losses.length;
      root.hidden = drawn === 0;
      if (drawn === 0) return;
      line.setAttribute('points', linePoints(losses, steps));
      setText(caption, lossInWords(losses, meaning));
    },
  };
}
