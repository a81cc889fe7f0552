const view = new DataView(new ArrayBuffer(4));

/** Returns the float32 whose bits are `word`. */
export function floatOf(word: number | undefined): number {
  view.setUint32(0, word ?? 0);
  return view.getFloat32(0);
}

/** Rounds a number to float32, and returns the bits. */
export function wordOf(float: number): number {
  view.setFloat32(0, float);
  return view.getUint32(0);
}

/** Decodes the 32-bit words of a step block. */
export function readBlock(words: Float64Array) {
  const [step = 0, microStep = 0, labelled = 0, , ...floats] = words;
  const [learningRate, inverseTokens, biasCorrection1, biasCorrection2] = floats.map(floatOf);
  return {
    step,
    microStep,
    labelled,
    learningRate: learningRate!,
    inverseTokens: inverseTokens!,
    biasCorrection1: biasCorrection1!,
    biasCorrection2: biasCorrection2!,
  };
}

/** Indices of the fields of `Stats`. */
export const STATS = { loss: 0, gradNorm: 1, nonfinite: 2, step: 3, metrics: 4 } as const;
