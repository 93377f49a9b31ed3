import { useState } from 'react';
import type { FormEvent, ReactNode } from 'react';

export type TextSearchProps = {
  /** What is to be typed. */
  label: string;
  /** What the field begins with. Default: nothing. */
  initial?: string;
  button: string;
  onSearch: (text: string) => void;
};

/** A field and a button: what was typed is looked for when the form is sent. */
export function TextSearch({ label, initial = '', button, onSearch }: TextSearchProps): ReactNode {
  const [text, setText] = useState(initial);
  const search = (event: FormEvent): void => {
    event.preventDefault();
    onSearch(text);
  };
  return (
    <form role="search" className="search" onSubmit={search}>
      <input
        type="search"
        aria-label={label}
        placeholder={`${label} …`}
        value={text}
        onChange={({ target }) => setText(target.value)}
      />
      <button type="submit">{button}</button>
    </form>
  );
}
