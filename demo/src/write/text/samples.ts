/** A text to begin with. */
export interface SampleText {
  readonly file: string;
  readonly name: string;
}

/** public/text/README.md names their sources. */
export const sampleTexts: readonly [SampleText, ...SampleText[]] = [
  { file: 'samples/cat-log.txt', name: 'A cat’s diary' },
  { file: 'samples/recipes.txt', name: 'Recipes' },
  { file: 'samples/letters.txt', name: 'Love letters' },
  { file: 'moby-dick.txt', name: 'Moby-Dick' },
];

export async function fetchSample({ file }: SampleText): Promise<Blob> {
  const response = await fetch(`text/${file}`);
  if (!response.ok) throw new Error(`The sample text could not be loaded (${response.status}).`);
  return response.blob();
}
