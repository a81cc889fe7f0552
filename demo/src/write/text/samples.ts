/** A sample text that ships with the page. */
export interface SampleText {
  readonly file: string;
  readonly name: string;
}

/** The sample texts. public/text/README.md names their sources. */
export const sampleTexts: readonly [SampleText, ...SampleText[]] = [
  { file: 'samples/cat-log.txt', name: 'A cat’s diary' },
  { file: 'samples/recipes.txt', name: 'Recipes' },
  { file: 'samples/letters.txt', name: 'Love letters' },
  { file: 'moby-dick.txt', name: 'Moby-Dick' },
];

/** The name of a text that the visitor types or pastes. */
export const OWN_TEXT = 'my-text.txt';

/** Returns the name that the page shows for a text. */
export function textInWords(name: string): string {
  const sample = sampleTexts.find(({ file }) => file.split('/').at(-1) === name);
  return name === OWN_TEXT ? 'the same text' : sample === undefined ? name : `“${sample.name}”`;
}

export async function fetchSample({ file }: SampleText): Promise<Blob> {
  const response = await fetch(`text/${file}`);
  if (!response.ok) throw new Error(`The sample text could not be loaded (${response.status}).`);
  return response.blob();
}
