/** Copies a prompt's list and messages, because the caller may change them during generation. */
export function copyPrompt<Prompt>(prompt: Prompt): Prompt {
  if (!Array.isArray(prompt)) return prompt;
  const copies: unknown[] = prompt.map((one: unknown) => (typeof one === 'object' && one !== null ? copyOf(one) : one));
  return copies as Prompt;
}

/** Copies a message. Role and content are copied by name, because a class may define them as accessors, which spread syntax skips. */
function copyOf(message: object): object {
  return {
    ...message,
    ...('role' in message && { role: message.role }),
    ...('content' in message && { content: message.content }),
  };
}
