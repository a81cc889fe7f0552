// Prints progress lines, and formats numbers for the commands.

const BAR = 24;

/**
 * @typedef {object} Progress
 * @property {number} done
 * @property {number} total
 * @property {string} detail
 */

/**
 * Returns a progress line. A terminal redraws it; elsewhere a new line is printed for each tenth of the work.
 * @param {NodeJS.WriteStream} stream
 */
export function progressLine(stream) {
  let tenth = -1;
  let drawn = false;
  return {
    /** @param {Progress} progress */
    update({ done, total, detail }) {
      const share = total > 0 ? Math.min(1, done / total) : 0;
      if (stream.isTTY) {
        const width = Math.max(20, (stream.columns || 80) - 1);
        stream.write(`\r\u001b[2K${`${bar(share)} ${done}/${total}  ${detail}`.slice(0, width)}`);
        drawn = true;
      } else if (Math.floor(share * 10) > tenth) {
        tenth = Math.floor(share * 10);
        stream.write(`${bar(share)} ${done}/${total}  ${detail}\n`);
      }
    },
    end() {
      if (drawn) stream.write('\n');
      drawn = false;
      tenth = -1;
    },
  };
}

/** Returns a progress line that starts on a new line for each part of the work. @param {NodeJS.WriteStream} stream */
export function followSteps(stream) {
  const bar = progressLine(stream);
  let current = '';
  return {
    onStep(/** @type {number} */ done, /** @type {number} */ total, /** @type {string} */ what) {
      if (what !== current) bar.end();
      current = what;
      bar.update({ done, total, detail: what });
    },
    end: () => bar.end(),
  };
}

/** @param {number} share from 0 to 1 */
function bar(share) {
  const full = Math.round(share * BAR);
  return `[${'█'.repeat(full)}${'░'.repeat(BAR - full)}]`;
}

/** @param {number} seconds */
export function duration(seconds) {
  if (!Number.isFinite(seconds)) return '–';
  const whole = Math.max(0, Math.round(seconds));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  const tail = `${String(m).padStart(h > 0 ? 2 : 1, '0')}:${String(s).padStart(2, '0')}`;
  return h > 0 ? `${h}:${tail}` : tail;
}

/** @param {number} bytes */
export function size(bytes) {
  const units = ['B', 'kB', 'MB', 'GB'];
  let unit = 0;
  let value = bytes;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** Formats a number in billions, with two decimals. @param {number} value */
export function giga(value) {
  return (value / 1e9).toFixed(2);
}

/** @param {number} value */
export function count(value) {
  return Math.round(value).toLocaleString('en-US');
}

/**
 * Wraps a paragraph into lines of at most `width` characters.
 * @param {string} text
 * @param {{ indent?: string, width?: number }} [options]
 */
export function wrap(text, { indent = '  ', width = 88 } = {}) {
  /** @type {string[]} */
  const lines = [];
  let line = '';
  for (const word of text.split(/\s+/).filter((part) => part !== '')) {
    if (line !== '' && indent.length + line.length + 1 + word.length > width) {
      lines.push(indent + line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, indent + line].join('\n');
}
