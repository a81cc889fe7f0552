'use client';
import { useRef, useState } from 'react';
import type { WebVeraElement } from 'webvera/react';
import 'webvera/react';

export default function Page() {
  const ref = useRef<WebVeraElement>(null);
  const [text, setText] = useState('Learn');
  const show = (line: string) => setText((before) => `${before}\n${line}`);

  async function learn() {
    ref.current?.addEventListener('webvera-log', ({ detail }) =>
      show(`step ${detail.step}: loss ${detail.loss.toFixed(3)}`),
    );
    await ref.current?.teach(await (await fetch('/text.txt')).blob());
    const weights = (await ref.current?.export())?.get('adapter_model.safetensors');
    show(`kept ${weights?.size} bytes`);
  }

  return (
    <>
      <web-vera ref={ref} model="/model/" headless max-steps={4} max-length={64} />
      <button type="button" onClick={learn}>
        {text}
      </button>
    </>
  );
}
