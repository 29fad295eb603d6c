import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { get } from './client.js';

/** A titled part of a view. */
export function Section({
  title,
  children,
  aside,
}: {
  title: string;
  children: ComponentChildren;
  aside?: ComponentChildren;
}) {
  return (
    <section>
      <header>
        <h2>{title}</h2>
        {aside}
      </header>
      {children}
    </section>
  );
}

/** A table that scrolls sideways in a narrow window. */
export function Table({
  caption,
  columns,
  children,
}: {
  caption: string;
  columns: readonly string[];
  children: ComponentChildren;
}) {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={caption}>
      <table>
        <caption class="hidden">{caption}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <th scope="col" key={column}>
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}

/** A message about trouble; nothing without trouble. */
export function Trouble({ error }: { error: unknown }) {
  if (error === undefined) return null;
  return (
    <p class="bad notice" role="alert">
      {error instanceof Error ? error.message : 'something went wrong'}
    </p>
  );
}

/** A form field with its label. */
export function Field({ label, ...input }: { label: string } & JSX.IntrinsicElements['input']) {
  return (
    <label>
      <span>{label}</span>
      <input {...input} />
    </label>
  );
}

/** What was loaded, or why not. */
export interface Loaded<T> {
  readonly data?: T;
  readonly error?: unknown;
  readonly isLoading: boolean;
  /** Loads it again. */
  readonly reload: () => void;
}

/** Loads JSON from the console's API whenever the path changes. Undefined loads nothing. */
export function useLoaded<T>(path: string | undefined): Loaded<T> {
  const [state, setState] = useState<Omit<Loaded<T>, 'reload'>>({ isLoading: path !== undefined });
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    if (path === undefined) {
      setState({ isLoading: false });
      return;
    }
    const left = new AbortController();
    setState((before) => ({ ...before, isLoading: true }));
    get<T>(path, left.signal).then(
      (data) => setState({ data, isLoading: false }),
      (error: unknown) => {
        if (!left.signal.aborted) setState({ error, isLoading: false });
      },
    );
    return () => left.abort();
  }, [path, turn]);
  return { ...state, reload: () => setTurn((before) => before + 1) };
}

/** JSON, indented, in a box that scrolls. */
export function Json({ value, label }: { value: unknown; label: string }) {
  return (
    <pre tabIndex={0} aria-label={label}>
      {typeof value === 'string' ? value : JSON.stringify(value, undefined, 2)}
    </pre>
  );
}

/** Returns JSON text as a value, so that it is shown indented; any other text as it is. */
export function indented(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
