/** A prompt as it is now: its list and messages may change while a text is written. */
export function copyPrompt<Prompt>(prompt: Prompt): Prompt {
  if (!Array.isArray(prompt)) return prompt;
  const copies: unknown[] = prompt.map((one: unknown) => (typeof one === 'object' && one !== null ? { ...one } : one));
  return copies as Prompt;
}
